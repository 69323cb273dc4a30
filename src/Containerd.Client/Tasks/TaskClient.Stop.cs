using Containerd.Client.Oci;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private const string StopSignalLabel = "io.containerd.image.config.stop-signal";
    private const string DefaultStopSignal = "SIGTERM";

    /// <summary>
    /// Ends a task: sends the stop signal, and SIGKILL to all its processes when it has not ended in time. The task stays,
    /// stopped, until it is removed. One that had ended already is no error.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="signal">The stop signal's number; null for the image's, else SIGTERM.</param>
    /// <param name="timeout">How long to wait before SIGKILL; zero sends it at once.</param>
    /// <param name="all">Whether every process of the container gets the stop signal, not the first alone.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CtrException">NotFound without a task.</exception>
    public async Task<CtrExitStatus> StopAsync(
        string id, int? signal, TimeSpan timeout, bool all = false, CancellationToken cancellationToken = default)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<CtrExitStatus> exited = WaitAsync(id, null, waiting.Token);
        try
        {
            if (timeout > TimeSpan.Zero)
            {
                signal ??= await StopSignalAsync(id, cancellationToken).ConfigureAwait(false);
                await SignalAsync(id, signal.Value, all, cancellationToken).ConfigureAwait(false);
                if (await Task.WhenAny(exited, Task.Delay(timeout, waiting.Token)).ConfigureAwait(false) == exited)
                {
                    return await exited.ConfigureAwait(false);
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            await SignalAsync(id, SigKill, all: true, cancellationToken).ConfigureAwait(false);
            return await exited.WaitAsync(ServiceChannel.CleanUpTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded, "TaskNotKilled", $"The task of container '{id}' did not end after SIGKILL.", id, "Look at its processes: one may hang in the kernel.", e);
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
            _ = exited.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private async Task SignalAsync(string id, int signal, bool all, CancellationToken cancellationToken)
    {
        try
        {
            await SendSignalAsync(id, signal, null, all, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            // It ended by itself, which Wait reports; or there is no task, which Wait reports too.
        }
    }

    private async Task<int> StopSignalAsync(string id, CancellationToken cancellationToken)
    {
        CtrContainer container = await _containers.GetAsync(id, cancellationToken).ConfigureAwait(false);
        return CtrSignal.Parse(container.Labels.GetValueOrDefault(StopSignalLabel, DefaultStopSignal));
    }
}
