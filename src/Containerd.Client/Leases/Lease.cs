using Containerd.Protocol.Leases;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>A lease that this client holds. What is made through <see cref="Services"/> stays at least until it is disposed.</summary>
/// <param name="services">The channel whose calls carry the lease.</param>
/// <param name="cancellationToken">Of whoever holds it: from its cancellation on, a daemon that is silent is not waited for.</param>
internal sealed class Lease(ServiceChannel services, CancellationToken cancellationToken) : IAsyncDisposable
{
    private const string ContentType = "content";

    private bool _completed;

    /// <summary>The channel whose calls carry the lease.</summary>
    public ServiceChannel Services { get; } = services;

    /// <summary>Says that all went well: what nobody refers to may then go when the collector likes, else it goes with the lease.</summary>
    public void Complete() => _completed = true;

    /// <summary>Keeps a blob (Leases.AddResource), so that one that is there stays. It need not be there.</summary>
    public Task PinContentAsync(string digest, CancellationToken cancellationToken) => PinAsync(ContentType, digest, cancellationToken);

    /// <summary>Keeps a snapshot (Leases.AddResource), so that one that is there stays. It need not be there.</summary>
    public Task PinSnapshotAsync(string snapshotter, string key, CancellationToken cancellationToken) =>
        PinAsync($"snapshots/{snapshotter}", key, cancellationToken);

    /// <summary>The digests of the blobs that the lease keeps (Leases.ListResources).</summary>
    public async Task<IReadOnlyList<string>> ListContentAsync(CancellationToken cancellationToken)
    {
        ListResourcesResponse response = await Services.CallAsync(
            LeaseMethods.ListResources,
            new ListResourcesRequest { Id = Services.LeaseId },
            Client.Resource.Lease(Services.LeaseId!),
            cancellationToken).ConfigureAwait(false);
        return response.Resources.Where(resource => resource.Type == ContentType).Select(resource => resource.Id).ToArray();
    }

    /// <summary>Ends the lease (Leases.Delete). After a failure it waits until what was made is collected.</summary>
    public async ValueTask DisposeAsync()
    {
        // Where the daemon is gone, the lease expires by itself.
        ServiceChannel services = Services.ForCleanUp with { LeaseId = null };
        await services.CleanUpAsync(
            async limit =>
            {
                await services.SettledAsync(Client.Resource.UnderLease(Services.LeaseId!), limit).ConfigureAwait(false);
                await services.CallAsync(
                    LeaseMethods.Delete,
                    new DeleteRequest { Id = Services.LeaseId, Sync = !_completed },
                    Client.Resource.Lease(Services.LeaseId!),
                    limit).ConfigureAwait(false);
            },
            Client.Resource.Lease(Services.LeaseId!),
            cancellationToken).ConfigureAwait(false);
    }

    private Task<Empty> PinAsync(string type, string id, CancellationToken cancellationToken) => Services.CallAsync(
        LeaseMethods.AddResource,
        new AddResourceRequest { Id = Services.LeaseId, Resource = new() { Type = type, Id = id } },
        Client.Resource.Lease(Services.LeaseId!),
        cancellationToken);
}
