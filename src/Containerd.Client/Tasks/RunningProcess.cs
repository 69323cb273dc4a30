using Containerd.Client.IO;

namespace Containerd.Client;

/// <summary>
/// A process that this client is attached to: a task's first process, or an exec. Its output can be read once. Disposing
/// closes what it was attached with. One that this client started is killed and removed too if it lives, and an exec also
/// when it has ended; one that somebody else started goes on.
/// </summary>
public sealed class RunningProcess : IAsyncDisposable
{
    // How long output may be awaited in all once the process has ended: a child that inherited its pipe may keep it open.
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(10);

    private readonly TaskClient _tasks;
    private readonly ProcessIO _io;
    private readonly CancellationTokenSource _waiting;
    private readonly LineSource? _log;
    private bool _owned;

    internal RunningProcess(
        TaskClient tasks, string containerId, string? execId, int pid, ProcessIO io, Task<CtrExitStatus> exited, CancellationTokenSource waiting)
    {
        _tasks = tasks;
        _io = io;
        _waiting = waiting;
        _owned = true;
        ContainerId = containerId;
        ExecId = execId;
        Pid = pid;
        Exited = exited;
        StartedAt = DateTimeOffset.Now;
    }

    /// <summary>One that was started before.</summary>
    /// <param name="tasks">The client.</param>
    /// <param name="process">The process.</param>
    /// <param name="io">Its streams as far as they are FIFOs.</param>
    /// <param name="log">Where its output goes to a log, the lines that come from now on.</param>
    /// <param name="exited">Its end.</param>
    /// <param name="waiting">Ends that wait.</param>
    internal RunningProcess(
        TaskClient tasks, CtrProcess process, ProcessIO io, LineSource? log, Task<CtrExitStatus> exited, CancellationTokenSource waiting)
        : this(tasks, process.ContainerId, process.ExecId, process.Pid, io, exited, waiting)
    {
        _log = log;
        _owned = false;
    }

    internal delegate IAsyncEnumerable<CtrOutputLine> LineSource(CancellationToken cancellationToken);

    /// <summary>The container's id.</summary>
    public string ContainerId { get; }

    /// <summary>The exec's id; null for the task's first process.</summary>
    public string? ExecId { get; }

    /// <summary>The process id on the daemon's host.</summary>
    public int Pid { get; }

    /// <summary>When this client started it or attached to it, by this machine's clock.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>
    /// Completes when the process ends, also when the daemon is started again meanwhile; exit code 255 where nobody can tell
    /// how. Fails when the daemon stays away for a minute.
    /// </summary>
    public Task<CtrExitStatus> Exited { get; }

    /// <summary>Whether output may be missing, as something still held it open long after the process had ended.</summary>
    public bool OutputTruncated => _io.Truncated;

    /// <summary>Whether it has an output that can be read from here.</summary>
    public bool HasOutput => _log is not null || _io.Fifos.StandardOutputPath.Length > 0 || _io.Fifos.StandardErrorPath.Length > 0;

    /// <summary>Whether it has a standard input that can be written from here.</summary>
    public bool HasStandardInput => _io.Fifos.StandardInputPath.Length > 0;

    /// <summary>Both outputs as lines, in the order of arrival, until both have ended.</summary>
    /// <param name="cancellationToken">Ends the reading; the process goes on.</param>
    /// <exception cref="InvalidOperationException">The output was read already.</exception>
    public IAsyncEnumerable<CtrOutputLine> ReadLinesAsync(CancellationToken cancellationToken = default) =>
        _log is null ? _io.ReadLinesAsync(ContainerId, ExecId, Exited, s_drain, cancellationToken) : _log(cancellationToken);

    /// <summary>Copies both outputs until both have ended. Of a process whose output goes to a log it copies nothing.</summary>
    /// <param name="standardOutput">Receives standard output; with a terminal, all output. Stays open.</param>
    /// <param name="standardError">Receives standard error. Stays open.</param>
    /// <param name="cancellationToken">Ends the copying; the process goes on.</param>
    /// <exception cref="InvalidOperationException">The output was read already.</exception>
    public Task CopyOutputAsync(Stream standardOutput, Stream standardError, CancellationToken cancellationToken = default) =>
        _io.PumpAsync(standardOutput, standardError, Exited, s_drain, cancellationToken);

    /// <summary>Copies a source to standard input, then closes it, so that the process reads the end.</summary>
    /// <param name="source">What the process reads; stays open.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    /// <returns>False when the process ended first, which is no error.</returns>
    /// <exception cref="InvalidOperationException">The process was started without standard input.</exception>
    /// <exception cref="IOException">
    /// The source fails, with this or an error of its own; the process was killed, unless somebody else had started it.
    /// </exception>
    public async Task<bool> CopyInputAsync(Stream source, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _io.CopyInputAsync(source, CloseInputAsync, Exited, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (_owned && _io.TakesInput && e is not OperationCanceledException)
        {
            // With a part of its input it would do half of its work, or wait for the rest for ever.
            await KillAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits for the end and removes an exec that this client started; a task stays until it is removed.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<CtrExitStatus> CompleteAsync(CancellationToken cancellationToken = default)
    {
        CtrExitStatus status = await Exited.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (ExecId is not null && _owned)
        {
            try
            {
                await _tasks.DeleteExecAsync(ContainerId, ExecId, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound || TaskClient.IsShimGone(e.Message))
            {
                // A daemon that was started again has forgotten it; with its shim everything of it went.
            }

            _owned = false;
        }

        return status;
    }

    /// <summary>Leaves the process to itself: disposing closes this client's ends of its streams, and others attach to them.</summary>
    public void LeaveRunning()
    {
        _owned = false;
        _io.Fifos.Keep();
    }

    /// <summary>
    /// Lets go of the process's streams; before, if this client started it, kills and removes it if it lives, and removes an
    /// exec in any case.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // A daemon that was away cannot be asked, and when it is back its processes are none of ours to kill.
            if (_owned && !Exited.IsFaulted && (ExecId is not null || !Exited.IsCompletedSuccessfully))
            {
                // Whoever lets go of a process that lives is about to leave.
                await _io.DiscardOutputWhileAsync(
                    () => _tasks.CleanUpAsync(ContainerId, ExecId, Pid, new CancellationToken(canceled: true))).ConfigureAwait(false);
            }
        }
        finally
        {
            await _waiting.CancelAsync().ConfigureAwait(false);
            await _io.DisposeAsync().ConfigureAwait(false);
            _waiting.Dispose();
        }
    }

    /// <summary>Kills the process; of a task all processes. One that has ended is no error, nor is a daemon that is gone.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task KillAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _tasks.SendSignalAsync(ContainerId, TaskClient.SigKill, ExecId, all: ExecId is null, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException)
        {
            // It has ended, or the daemon is gone.
        }
    }

    private async Task CloseInputAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _tasks.CloseInputThroughRestartAsync(ContainerId, ExecId, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound or CtrErrorKind.FailedPrecondition)
        {
            // The process ended meanwhile.
        }
    }
}
