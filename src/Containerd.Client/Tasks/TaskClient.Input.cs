using System.Diagnostics;
using Containerd.Client.IO;
using Containerd.Protocol.Tasks;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private static readonly TimeSpan s_startPoll = TimeSpan.FromMilliseconds(20);

    // How long a busy shim may take to open an input after the start of its exec. One that is closed already costs as much.
    private static readonly TimeSpan s_opening = TimeSpan.FromMilliseconds(500);

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
        if (execId is null)
        {
            await CloseStartedInputAsync(id, null, cancellationToken).ConfigureAwait(false);
            return;
        }

        CtrProcess exec = await WaitUntilStartedAsync(id, execId, cancellationToken).ConfigureAwait(false);

        // A shim opens both ends in the background. Where it is told to close the one before it has the other, that one waits
        // for ever for somebody who opens the first: until then we are that somebody.
        using SafePipeHandle? end = await HoldInputAsync(exec, cancellationToken).ConfigureAwait(false);
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
    private async Task<CtrProcess> WaitUntilStartedAsync(string id, string execId, CancellationToken cancellationToken)
    {
        long asked = Stopwatch.GetTimestamp();
        while (true)
        {
            CtrProcess exec = await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
            if (exec.Status != CtrTaskStatus.Created)
            {
                return exec;
            }

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

    /// <summary>The writing end of a running exec's input, when its shim has the reading end; null where it has none, or it lies elsewhere.</summary>
    private static async Task<SafePipeHandle?> HoldInputAsync(CtrProcess exec, CancellationToken cancellationToken)
    {
        long asked = Stopwatch.GetTimestamp();
        while (exec.Status == CtrTaskStatus.Running && File.Exists(exec.StandardInput) && Stopwatch.GetElapsedTime(asked) < s_opening)
        {
            try
            {
                return Fifo.Open(exec.StandardInput, FileAccess.Write);
            }
            catch (IOException)
            {
                await Task.Delay(s_startPoll, cancellationToken).ConfigureAwait(false);
            }
        }

        return null;
    }
}
