using Containerd.Client.Grpc;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    // A daemon that is upgraded or has crashed is back within seconds; one that is not is not waited for.
    private static readonly TimeSpan s_restart = TimeSpan.FromSeconds(60);

    // What moby gives a process whose exit code nobody can tell any more.
    private const int UnknownExitCode = 255;

    /// <summary>
    /// Waits for the end of a task or exec (Tasks.Wait). It has no limit of its own. A process outlives its daemon: a wait that
    /// the daemon's end cuts short is asked again when it is back.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec to wait for; null for the task.</param>
    /// <param name="cancellationToken">Ends the wait; the process goes on.</param>
    /// <returns>
    /// How it ended; exit code 255 and the present time where nobody can tell any more: its shim ended, or the daemon was started
    /// again and has forgotten what ended meanwhile, or has another process by this id by now.
    /// </returns>
    /// <exception cref="CtrException">NotFound without such a process; Unavailable where the daemon stays away for a minute.</exception>
    public async Task<CtrExitStatus> WaitAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        int pid = 0;
        Task<CtrExitStatus> ended = WaitAsync(id, execId, () => pid, cancellationToken);

        // Asked after the wait, which is not to come later for it.
        pid = await FindPidAsync(id, execId, cancellationToken).ConfigureAwait(false);
        return await ended.ConfigureAwait(false);
    }

    /// <summary>The same for a process whose id on the daemon's host is known; 0 while it is not.</summary>
    private async Task<CtrExitStatus> WaitAsync(string id, string? execId, Func<int> pid, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                if (attempt > 0 && await IsAnotherAsync(id, execId, pid(), cancellationToken).ConfigureAwait(false))
                {
                    return EndUnknown(id, execId);
                }

                return await WaitOnceAsync(id, execId, ServiceChannel.NoTimeout, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.Unavailable && (attempt > 0 || WasAsked(e)))
            {
                if (!await IsBackAsync(cancellationToken).ConfigureAwait(false))
                {
                    throw;
                }

                // A daemon that serves and yet refuses is not asked without pause.
                await Task.Delay(BackOff.Delay(attempt), cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (IsShimGone(e.Message) || (attempt > 0 && e.Kind == CtrErrorKind.NotFound))
            {
                return EndUnknown(id, execId);
            }
        }
    }

    /// <summary>Takes back a process that this client has started, and none that has its id since: see <see cref="TakeBackAsync"/>.</summary>
    internal Task CleanUpAsync(string id, string? execId, int pid, CancellationToken cancellationToken) => _services.CleanUpAsync(
        async limit =>
        {
            if (!await Patient.IsAnotherAsync(id, execId, pid, limit).ConfigureAwait(false))
            {
                await TakeBackAsync(id, execId, done: null, limit).ConfigureAwait(false);
            }
        },
        ResourceOf(id, execId),
        cancellationToken);

    // Somebody else may have started the container's next task, while the daemon was away or just after.
    private async Task<bool> IsAnotherAsync(string id, string? execId, int pid, CancellationToken cancellationToken) =>
        pid > 0 && await FindPidAsync(id, execId, cancellationToken).ConfigureAwait(false) is > 0 and int present && present != pid;

    /// <summary>A process's id on the daemon's host, which it keeps when it has ended; 0 where nobody tells.</summary>
    private async Task<int> FindPidAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        try
        {
            return execId is null
                ? (await GetAsync(id, cancellationToken).ConfigureAwait(false)).Pid
                : (await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false)).Pid;
        }
        catch (CtrException)
        {
            return 0;
        }
    }

    private CtrExitStatus EndUnknown(string id, string? execId) =>
        ToExitStatus(id, execId, UnknownExitCode, time: null) with { ExitedAt = DateTimeOffset.UtcNow };

    // One that could not be reached in the first place is no daemon that went away.
    private static bool WasAsked(CtrException error) =>
        error.InnerException is RpcException { InnerException: var cause } && (cause is null || !TransportFailure.IsConnectFailure(cause));

    private async Task<bool> IsBackAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_restart);
        var introspection = new IntrospectionClient(_services);
        try
        {
            for (int attempt = 0; !_services.Channel.IsClosed; attempt++)
            {
                if (await introspection.IsServingAsync(limit.Token).ConfigureAwait(false))
                {
                    return true;
                }

                await Task.Delay(BackOff.Delay(attempt), limit.Token).ConfigureAwait(false);
            }

            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
