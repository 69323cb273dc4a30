using Containerd.Client.IO;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>
    /// Attaches to a process that was started before, by this client or another, also one that has died. What the process
    /// wrote since and nobody has read is read first, as far as the kernel holds it: a mebibyte, then the process waits. Of
    /// two that attach at the same time each gets a part.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec; null for the task's first process.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The process, which goes on when this is disposed. Where its output goes to a log, the lines are those that come from now on.</returns>
    /// <exception cref="CtrException">NotFound without such a process, or where its streams cannot be reached from here.</exception>
    public async Task<RunningProcess> AttachAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        CtrProcess process = execId is null
            ? ToProcess(await GetAsync(id, cancellationToken).ConfigureAwait(false))
            : await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
        var log = new FileInfo(FileOf(process.StandardOutput) ?? "/");

        // From here on, and not from when somebody begins to read: what is typed meanwhile has an answer.
        long? end = log.Exists ? log.Length : null;
        ProcessIO io = OpenIO(process);
        var waiting = new CancellationTokenSource();
        return new RunningProcess(
            this,
            process,
            io,
            end is null ? null : cancellation => ReadLogAsync(log.FullName, id, process, new LogOptions { Start = end }, follow: true, cancellation),
            WaitAsync(id, execId, () => process.Pid, waiting.Token),
            waiting);
    }

    private static ProcessIO OpenIO(CtrProcess process)
    {
        try
        {
            ProcessIO io = ProcessIO.Open(ProcessFifos.Existing(
                FifoOf(process.StandardInput), FifoOf(process.StandardOutput), FifoOf(process.StandardError), process.Terminal));

            // The shim has its ends already; only while it has, a read waits.
            io.ShimAttached();
            return io;
        }
        catch (IOException e) when (process.Status == CtrTaskStatus.Stopped)
        {
            throw new CtrException(
                CtrErrorKind.NotFound,
                "StreamsNotFound",
                $"'{process}' has ended, and whoever started it has taken its streams away: {e.Message}",
                process.ToString(),
                "Get-CtrProcess shows how it ended; Remove-CtrTask removes it.",
                e);
        }
        catch (IOException e)
        {
            throw new CtrException(
                CtrErrorKind.NotFound,
                "StreamsNotFound",
                $"The streams of '{process}' cannot be opened: {e.Message}",
                process.ToString(),
                "Attach on the daemon's own host, as a user who may open them.",
                e);
        }
    }

    // A URI is not a FIFO's path.
    private static string FifoOf(string stream) => Path.IsPathFullyQualified(stream) ? stream : "";

    private static CtrProcess ToProcess(CtrTask task) => new()
    {
        ContainerId = task.Id,
        ExecId = null,
        Kind = CtrProcessKind.Init,
        Pid = task.Pid,
        Status = task.Status,
        StandardInput = task.StandardInput,
        StandardOutput = task.StandardOutput,
        StandardError = task.StandardError,
        Terminal = task.Terminal,
        ExitCode = task.ExitCode,
        ExitedAt = task.ExitedAt,
        Address = task.Address,
        Namespace = task.Namespace,
    };
}
