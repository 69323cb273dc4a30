using Containerd.Client.Oci;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private const string DefaultStopSignal = "SIGTERM";

    /// <summary>
    /// Ends a task, or an exec: sends the stop signal, and SIGKILL when it has not ended in time, with a task to all its
    /// processes. It stays, stopped, until it is removed. One that had ended already is no error.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="signal">The stop signal's number; null for that of the container, else SIGTERM, which an exec gets in any case.</param>
    /// <param name="timeout">How long to wait before SIGKILL; zero sends it at once.</param>
    /// <param name="all">Whether every process of the container gets the stop signal, not the one alone.</param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CtrException">NotFound without such a task or exec.</exception>
    public async Task<CtrExitStatus> StopAsync(
        string id, int? signal, TimeSpan timeout, bool all = false, string? execId = null, CancellationToken cancellationToken = default)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<CtrExitStatus> exited = WaitAsync(id, execId, waiting.Token);
        try
        {
            if (timeout > TimeSpan.Zero)
            {
                // The container's stop signal is what its own first process understands.
                signal ??= execId is null
                    ? await StopSignalAsync(id, cancellationToken).ConfigureAwait(false)
                    : CtrSignal.Parse(DefaultStopSignal);
                await SignalAsync(id, execId, signal.Value, all, cancellationToken).ConfigureAwait(false);
                if (await Task.WhenAny(exited, Task.Delay(timeout, waiting.Token)).ConfigureAwait(false) == exited)
                {
                    return await exited.ConfigureAwait(false);
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            await SignalAsync(id, execId, SigKill, all: execId is null, cancellationToken).ConfigureAwait(false);
            return await exited.WaitAsync(ServiceChannel.CleanUpTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded,
                "TaskNotKilled",
                $"{(execId is null ? "The task" : $"Exec '{execId}'")} of container '{id}' did not end after SIGKILL.",
                id,
                "Look at its processes: one may hang in the kernel.",
                e);
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
            _ = exited.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private async Task SignalAsync(string id, string? execId, int signal, bool all, CancellationToken cancellationToken)
    {
        try
        {
            await SendSignalAsync(id, signal, execId, all, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            // It ended by itself, which Wait reports; or there is no task, which Wait reports too.
        }
    }

    private async Task<int> StopSignalAsync(string id, CancellationToken cancellationToken)
    {
        CtrContainer container = await _containers.GetAsync(id, cancellationToken).ConfigureAwait(false);
        return CtrSignal.Parse(container.Labels.GetValueOrDefault(ContainerLabels.StopSignal, DefaultStopSignal));
    }
}
