using System.Globalization;
using System.Security.Cryptography;
using Containerd.Protocol.Leases;
using LeaseMessage = Containerd.Protocol.Leases.Lease;

namespace Containerd.Client;

/// <summary>Leases, which keep what is being made from the garbage collector: containerd.services.leases.v1.Leases.</summary>
internal sealed class LeaseClient
{
    private const string ExpireLabel = "containerd.io/gc.expire";

    // Should this process die, the daemon ends the lease itself.
    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(24);

    private readonly ServiceChannel _services;

    internal LeaseClient(ServiceChannel services) => _services = services;

    /// <summary>Takes a lease. Whoever takes it disposes it last, when all that it held is referred to otherwise.</summary>
    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="outlivesProcess">Whether what it keeps is worth keeping when this process has ended before its time.</param>
    public async Task<Lease> AcquireAsync(CancellationToken cancellationToken, bool outlivesProcess = false)
    {
        string id = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)).ToLowerInvariant();
        string expiry = DateTimeOffset.UtcNow.Add(s_lifetime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var lease = new Lease(_services with { LeaseId = id }, cancellationToken);
        var request = new CreateRequest { Id = id, Labels = { [ExpireLabel] = expiry } };
        if (!outlivesProcess && ClientProcess.Current is { } process)
        {
            // Others can tell by it that the lease is not needed any more.
            request.Labels.Add(ClientProcess.Label, process);
        }

        await _services.CallToEndAsync(
            LeaseMethods.Create,
            request,
            Client.Resource.Lease(id),
            cancellationToken,
            _ => lease.DisposeAsync().AsTask()).ConfigureAwait(false);
        return lease;
    }

    /// <summary>The leases of the namespace (Leases.List).</summary>
    public async Task<IReadOnlyList<LeaseMessage>> ListAsync(CancellationToken cancellationToken)
    {
        ListResponse response = await _services.CallAsync(
            LeaseMethods.List, new ListRequest(), Client.Resource.Daemon, cancellationToken).ConfigureAwait(false);
        return response.Leases;
    }

    /// <summary>The snapshots that a lease holds (Leases.ListResources); none for one that is gone.</summary>
    public async Task<IReadOnlyList<(string Snapshotter, string Key)>> ListSnapshotsAsync(string id, CancellationToken cancellationToken)
    {
        const string Type = "snapshots/";
        try
        {
            ListResourcesResponse response = await _services.CallAsync(
                LeaseMethods.ListResources,
                new ListResourcesRequest { Id = id },
                Client.Resource.Lease(id),
                cancellationToken).ConfigureAwait(false);
            return
            [
                .. response.Resources
                    .Where(resource => resource.Type.StartsWith(Type, StringComparison.Ordinal))
                    .Select(resource => (resource.Type[Type.Length..], resource.Id)),
            ];
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return [];
        }
    }

    /// <summary>Ends a lease and waits until what it alone held is collected (Leases.Delete); one that is gone is no error.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await _services.CallAsync(
                LeaseMethods.Delete,
                new DeleteRequest { Id = id, Sync = true },
                Client.Resource.Lease(id),
                cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            // That is what was wanted.
        }
    }
}
