namespace Containerd.Client;

public sealed partial class TaskClient
{
    // A daemon that is upgraded or has crashed is back within seconds; one that is not is not waited for.
    private static readonly TimeSpan s_restart = TimeSpan.FromSeconds(60);

    // What moby gives a process whose exit code nobody can tell any more.
    private const int UnknownExitCode = 255;

    /// <summary>
    /// Waits for the end of a process that outlives its daemon, as its shim does: a wait that the daemon's end cuts short is
    /// asked again when it is back. The daemon may then have forgotten what ended meanwhile, and the exit code is 255.
    /// </summary>
    private async Task<CtrExitStatus> WaitThroughRestartAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        for (bool restarted = false; ;)
        {
            try
            {
                return await WaitAsync(id, execId, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.Unavailable)
            {
                restarted = await IsBackAsync(cancellationToken).ConfigureAwait(false);
                if (!restarted)
                {
                    throw;
                }
            }
            catch (CtrException e) when (restarted && e.Kind == CtrErrorKind.NotFound)
            {
                return ToExitStatus(id, execId, UnknownExitCode, time: null) with { ExitedAt = DateTimeOffset.UtcNow };
            }
        }
    }

    private async Task<bool> IsBackAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_restart);
        var introspection = new IntrospectionClient(_services);
        try
        {
            for (int attempt = 0; !await introspection.IsServingAsync(limit.Token).ConfigureAwait(false); attempt++)
            {
                await Task.Delay(BackOff.Delay(attempt), limit.Token).ConfigureAwait(false);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
