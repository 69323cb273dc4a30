using System.Runtime.CompilerServices;
using Containerd.Client.IO;
using Containerd.Protocol.Containers;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    // The shim copies output to the file on its own time: what it wrote before the end may land a little later.
    private static readonly TimeSpan s_logDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>The lines of a detached task's log file, also after the task is gone; or those of a detached exec, until it is removed.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="tail">The last so many lines only; null for all.</param>
    /// <param name="follow">Whether to wait for more, until the task ends.</param>
    /// <param name="since">
    /// Leaves out a file that was last written before. A log file keeps no times of its lines: one written since is read whole.
    /// </param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CtrException">
    /// NotFound without such a container or exec, or a log that can be read from here; Unavailable where the daemon goes away while
    /// the log is followed, and stays away for a minute.
    /// </exception>
    public async IAsyncEnumerable<CtrOutputLine> ReadLogAsync(
        string id,
        int? tail = null,
        bool follow = false,
        DateTimeOffset? since = null,
        string? execId = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        CtrProcess? process = execId is not null ? await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false)
            : await FindAsync(id, cancellationToken).ConfigureAwait(false) is { } task ? ToProcess(task)
            : null;
        var options = new LogOptions { Tail = tail, Since = since };
        await foreach (CtrOutputLine line in ReadLogAsync(
            LogPathOf(process, container), id, process, options, follow, cancellationToken).ConfigureAwait(false))
        {
            yield return line;
        }
    }

    private async IAsyncEnumerable<CtrOutputLine> ReadLogAsync(
        string path, string id, CtrProcess? process, LogOptions options, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var following = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task? finished = follow ? EndOfLogAsync(process, following.Token) : null;
        options = options with { Finished = finished };
        try
        {
            await foreach (CtrOutputLine line in LogFile.ReadAsync(path, id, options, cancellationToken).ConfigureAwait(false))
            {
                yield return process?.ExecId is { } execId ? line with { ExecId = execId } : line;
            }

            if (finished is not null)
            {
                // After all lines that there are, why there are no more.
                await finished.ConfigureAwait(false);
            }
        }
        finally
        {
            await following.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task EndOfLogAsync(CtrProcess? process, CancellationToken cancellationToken)
    {
        if (process is null || (process.Status == CtrTaskStatus.Stopped && DateTimeOffset.UtcNow - process.ExitedAt > s_logDelay))
        {
            return;
        }

        try
        {
            await WaitAsync(process.ContainerId, process.ExecId, () => process.Pid, cancellationToken).ConfigureAwait(false);
            await Task.Delay(s_logDelay, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException { Kind: CtrErrorKind.NotFound } or OperationCanceledException)
        {
            // The process is gone, or the reader: in both cases there is no more to follow.
        }
    }

    private async Task<CtrTask?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return null;
        }
    }

    // A task that writes elsewhere has no log, though an earlier one's may be there.
    private string LogPathOf(CtrProcess? process, Container container)
    {
        string? path = process is null ? Bundle.LogOf(BundleOf(container)) : FileOf(process.StandardOutput);
        return File.Exists(path)
            ? path
            : throw new CtrException(
                CtrErrorKind.NotFound,
                "LogNotFound",
                $"{(process?.ExecId is { } execId ? $"Exec '{execId}' in container" : "Container")} '{container.Id}' has no log that can be read here.",
                container.Id,
                "A task has a log when it was started detached, without a terminal, and without -NoIO or a binary -LogUri.");
    }

    // A FIFO's path is no URI, though .NET would take it for one.
    private static string? FileOf(string output) =>
        output.StartsWith("file:", StringComparison.Ordinal)
        && Uri.TryCreate(output, UriKind.Absolute, out Uri? uri)
        && uri.Host.Length == 0
            ? uri.LocalPath
            : null;
}
