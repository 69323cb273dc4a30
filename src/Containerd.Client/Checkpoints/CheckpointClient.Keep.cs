namespace Containerd.Client;

public sealed partial class CheckpointClient
{
    /// <summary>
    /// Saves a checkpoint under a lease, which ends with that. Where the task has ended and its checkpoint cannot be saved, the
    /// lease is left to expire, and keeps the checkpoint meanwhile.
    /// </summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="location">Where it is saved.</param>
    /// <param name="save">Takes and saves it.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="CtrException">CheckpointKept.</exception>
    private async Task<CtrCheckpoint> UnderLeaseAsync(
        TaskCheckpoint checkpoint, string location, Func<Lease, Task<CtrCheckpoint>> save, CancellationToken cancellationToken)
    {
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        bool kept = false;
        try
        {
            return await save(lease).ConfigureAwait(false);
        }
        catch (Exception e) when (checkpoint.HasEndedTask)
        {
            kept = true;
            if (e is OperationCanceledException)
            {
                throw;
            }

            throw Kept(checkpoint.Memory?.Digest, lease.Services.LeaseId!, location, e);
        }
        finally
        {
            if (!kept)
            {
                await lease.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private CtrException Kept(string? digest, string leaseId, string location, Exception error)
    {
        string ctr = $"ctr --address {_services.Address} --namespace {_services.Namespace}";
        string found = digest is null
            ? $"If the daemon has completed the checkpoint, it is in its content store, where the lease '{leaseId}' keeps it for 24 hours."
            : $"The checkpoint is in the daemon's content store, as '{digest}', where the lease '{leaseId}' keeps it for 24 hours.";
        return new CtrException(
            CtrErrorKind.Unknown,
            "CheckpointKept",
            $"The task has ended with its checkpoint, which could not be saved as '{location}': {error.Message} {found}",
            location,
            $"Unpack what '{ctr} content get {digest ?? "DIGEST"}' gives into an empty directory: it is one for Start-CtrTask -Checkpoint. "
                + $"Then '{ctr} leases delete {leaseId}' frees its space.",
            error);
    }
}
