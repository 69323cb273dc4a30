using Containerd.Client.Grpc;
using Containerd.Protocol.Diff;
using Containerd.Protocol.Types;

namespace Containerd.Client;

/// <summary>Layers in file systems: containerd.services.diff.v1.Diff.</summary>
internal sealed class DiffClient
{
    private static readonly Method<ApplyRequest, ApplyResponse> s_apply =
        Method.From<ApplyRequest, ApplyResponse>(DiffReflection.Descriptor.Services[0], "Apply");

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
}
