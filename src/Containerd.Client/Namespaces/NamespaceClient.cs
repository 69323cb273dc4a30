using Containerd.Client.Grpc;
using Containerd.Protocol.Namespaces;

namespace Containerd.Client;

/// <summary>Namespaces: containerd.services.namespaces.v1.Namespaces.</summary>
/// <remarks>Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.</remarks>
public sealed class NamespaceClient
{
    private static readonly Method<ListNamespacesRequest, ListNamespacesResponse> s_list =
        Method.From<ListNamespacesRequest, ListNamespacesResponse>(NamespacesReflection.Descriptor.Services[0], "List");

    private readonly ServiceChannel _services;

    internal NamespaceClient(ServiceChannel services) => _services = services;

    /// <summary>The daemon's namespaces (Namespaces.List).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<CtrNamespace>> ListAsync(CancellationToken cancellationToken = default)
    {
        ListNamespacesResponse response = await _services.CallAsync(
            s_list, new ListNamespacesRequest(), Resource.Daemon, cancellationToken).ConfigureAwait(false);
        return response.Namespaces.Select(ToRecord).ToArray();
    }

    private CtrNamespace ToRecord(Namespace message) => new()
    {
        Name = message.Name,
        Labels = new Dictionary<string, string>(message.Labels),
        Address = _services.Address.ToString(),
    };
}
