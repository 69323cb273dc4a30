namespace Containerd.Client;

public sealed partial class CheckpointClient
{
    /// <summary>
    /// Saves a checkpoint under a lease, which ends with that. Where the task has ended, or may have, and its checkpoint is not
    /// saved, another lease is left to expire, and keeps the memory meanwhile: whatever becomes of this process.
    /// </summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="location">Where it is saved.</param>
    /// <param name="save">Takes and saves it.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="CtrException">CheckpointKept, also for a caller that has cancelled: nobody else can tell it of the lease.</exception>
    private async Task<CtrCheckpoint> UnderLeaseAsync(
        TaskCheckpoint checkpoint, string location, Func<Lease, Task<CtrCheckpoint>> save, CancellationToken cancellationToken)
    {
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            bool kept = false;
            try
            {
                return await save(lease).ConfigureAwait(false);
            }
            catch (Exception e) when (checkpoint.HasEndedTask)
            {
                kept = true;
                throw Kept(checkpoint, location, e);
            }
            finally
            {
                if (!kept && checkpoint.Keeper is { } keeper)
                {
                    await keeper.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    private CtrException Kept(TaskCheckpoint checkpoint, string location, Exception error)
    {
        // ctr takes a path as its address, and no unix://.
        string address = _services.Address is { Kind: ContainerdAddressKind.UnixSocket } socket ? socket.Path : _services.Address.ToString();
        string ctr = $"ctr --address {ShellWord(address)} --namespace {_services.Namespace}";
        string digest = checkpoint.Memory!.Digest;
        string leaseId = checkpoint.Keeper!.Services.LeaseId!;
        string reason = error is OperationCanceledException ? "The command was stopped before the daemon had answered." : error.Message;
        return new CtrException(
            CtrErrorKind.Unknown,
            "CheckpointKept",
            $"The task {(checkpoint.IsTaskGone ? "has ended" : "may have ended")} with its checkpoint, which could not be saved as '{location}': {reason} "
                + $"The checkpoint is in the daemon's content store, as '{digest}', where the lease '{leaseId}' keeps it for 24 hours.",
            location,
            (checkpoint.IsTaskGone ? "" : "Get-CtrTask tells whether the task has ended; Resume-CtrTask lets it go on where it is suspended. ")
                + $"Unpack what \"{ctr} content get {digest}\" gives into an empty directory: it is one for Start-CtrTask -Checkpoint. "
                + $"Then \"{ctr} leases delete {leaseId}\" frees its space.",
            error);
    }

    /// <summary>A word as a shell reads it as one.</summary>
    internal static string ShellWord(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "/.:_-".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
