using System.Globalization;
using System.Security.Cryptography;
using Containerd.Protocol.Leases;

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
    public async Task<Lease> AcquireAsync(CancellationToken cancellationToken)
    {
        string id = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)).ToLowerInvariant();
        string expiry = DateTimeOffset.UtcNow.Add(s_lifetime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var lease = new Lease(_services with { LeaseId = id }, cancellationToken);
        try
        {
            await _services.CallToEndAsync(
                LeaseMethods.Create,
                new CreateRequest { Id = id, Labels = { [ExpireLabel] = expiry } },
                Client.Resource.Lease(id),
                cancellationToken).ConfigureAwait(false);
            return lease;
        }
        catch (Exception e) when (e.MayHaveHappened())
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
