using Containerd.Client.Grpc;
using Containerd.Protocol.Diff;
using Containerd.Protocol.Types;

namespace Containerd.Client;

/// <summary>Layers in file systems: containerd.services.diff.v1.Diff.</summary>
internal sealed class DiffClient
{
    private static readonly Method<ApplyRequest, ApplyResponse> s_apply =
        Method.From<ApplyRequest, ApplyResponse>(DiffReflection.Descriptor.Services[0], "Apply");

    private static readonly Method<DiffRequest, DiffResponse> s_diff =
        Method.From<DiffRequest, DiffResponse>(DiffReflection.Descriptor.Services[0], "Diff");

    private readonly ServiceChannel _services;

    internal DiffClient(ServiceChannel services) => _services = services;

    /// <summary>Unpacks a layer into a mounted snapshot (Diff.Apply); as long as it takes.</summary>
    /// <returns>The digest of the layer's uncompressed content.</returns>
    public async Task<string> ApplyAsync(CtrDescriptor layer, IReadOnlyList<Mount> mounts, CancellationToken cancellationToken)
    {
        var resource = Resource.Content(layer.Digest);
        var request = new ApplyRequest { Diff = Descriptors.ToMessage(layer), Mounts = { mounts } };
        ApplyResponse response = await _services.WhileServingAsync(
            end => _services.CallAsync(s_apply, request, resource, end, ServiceChannel.NoTimeout),
            resource,
            cancellationToken).ConfigureAwait(false);
        return response.Applied.Digest;
    }

    /// <summary>Makes a layer of what one file system has over another (Diff.Diff); as long as it takes.</summary>
    /// <param name="lower">The mounts of the one below.</param>
    /// <param name="upper">The mounts of the one above.</param>
    /// <param name="mediaType">The layer's media type.</param>
    /// <param name="reference">The name of the ingest, which nobody else uses.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<CtrDescriptor> DiffAsync(
        IReadOnlyList<Mount> lower,
        IReadOnlyList<Mount> upper,
        string mediaType,
        string reference,
        CancellationToken cancellationToken)
    {
        var resource = Resource.Content(reference);
        var request = new DiffRequest { Left = { lower }, Right = { upper }, MediaType = mediaType, Ref = reference };
        DiffResponse response = await _services.WhileServingAsync(
            end => _services.CallAsync(s_diff, request, resource, end, ServiceChannel.NoTimeout), resource, cancellationToken).ConfigureAwait(false);
        return Descriptors.ToRecord(response.Diff);
    }
}
