using System.Diagnostics;
using Containerd.Protocol.Tasks;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private static readonly TimeSpan s_startPoll = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Closes a process's standard input on the shim's side, so that it reads the end (Tasks.CloseIO): before its start,
    /// while it starts, or later. Where the process's shim is gone there is nothing to close any more.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">
    /// NotFound without such a process; FailedPrecondition for an exec that nobody has started within 45 seconds.
    /// </exception>
    public async Task CloseStandardInputAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        if (execId is not null)
        {
            await WaitUntilStartedAsync(id, execId, cancellationToken).ConfigureAwait(false);
        }

        await CloseStartedInputAsync(id, execId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for a task, and for an exec that is known to have been started.</summary>
    internal async Task CloseStartedInputAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync(
                TaskMethods.CloseIO,
                new CloseIORequest { ContainerId = id, ExecId = execId ?? "", Stdin = true },
                id,
                execId,
                cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (IsShimGone(e.Message))
        {
            // The process ended, and its input with it.
        }
    }

    /// <summary>
    /// The same for a process that this client is attached to. It outlives its daemon, and would wait for the end of its input:
    /// a daemon that goes is asked again when it is back. Of one that stays away the process's end tells.
    /// </summary>
    internal async Task CloseInputThroughRestartAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await CloseStartedInputAsync(id, execId, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.Unavailable)
            {
                if (!await IsBackAsync(cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                await Task.Delay(BackOff.Delay(attempt), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    internal static bool IsShimGone(string message) =>
        message.Contains("transport is closing", StringComparison.Ordinal) || message.Contains("ttrpc: closed", StringComparison.Ordinal);

    /// <summary>A shim opens the input of an exec when it starts it; it takes an earlier request to close it, and forgets it.</summary>
    private async Task WaitUntilStartedAsync(string id, string execId, CancellationToken cancellationToken)
    {
        long asked = Stopwatch.GetTimestamp();
        while ((await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false)).Status == CtrTaskStatus.Created)
        {
            if (Stopwatch.GetElapsedTime(asked) > ServiceChannel.CleanUpTimeout)
            {
                throw new CtrException(
                    CtrErrorKind.FailedPrecondition,
                    "ExecNotStarted",
                    $"Exec '{execId}' in container '{id}' has not been started, so its input is not open yet.",
                    $"{id}/{execId}");
            }

            await Task.Delay(s_startPoll, cancellationToken).ConfigureAwait(false);
        }
    }
}
