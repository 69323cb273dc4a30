using Containerd.Client.Grpc;
using Containerd.Client.IO;
using Containerd.Client.Oci;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Process = Containerd.Protocol.Types.Tasks.Process;

namespace Containerd.Client;

/// <summary>Tasks and execs: containerd.services.tasks.v1.Tasks.</summary>
/// <remarks>Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.</remarks>
public sealed partial class TaskClient
{
    internal const int SigKill = 9;
    internal const string InitProcess = "init";
    private const string ExecProcess = "exec";
    internal const string DetachedExec = "detached";

    private readonly ServiceChannel _services;
    private readonly ContainerClient _containers;
    private readonly SnapshotClient _snapshots;
    private readonly string _stateDirectory;

    internal TaskClient(ServiceChannel services, ContainerClient containers, SnapshotClient snapshots, string stateDirectory)
    {
        _services = services;
        _containers = containers;
        _snapshots = snapshots;
        _stateDirectory = stateDirectory;
    }

    /// <summary>A task, by its container's id (Tasks.Get).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such a task; DeadlineExceeded where its shim does not answer the daemon.</exception>
    public async Task<CtrTask> GetAsync(string id, CancellationToken cancellationToken = default) =>
        ToTask((await GetRespondingAsync(id, cancellationToken).ConfigureAwait(false)).Process);

    /// <summary>An exec (Tasks.Get with an exec id).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<CtrProcess> GetExecAsync(string id, string execId, CancellationToken cancellationToken = default)
    {
        GetResponse response = await CallAsync(
            TaskMethods.Get, new GetRequest { ContainerId = id, ExecId = execId }, id, execId, cancellationToken).ConfigureAwait(false);
        return ToProcess(id, execId, response.Process);
    }

    /// <summary>All tasks of the namespace (Tasks.List).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<CtrTask>> ListAsync(CancellationToken cancellationToken = default)
    {
        ListTasksResponse response = await CallAsync(
            TaskMethods.List, new ListTasksRequest(), null, null, cancellationToken).ConfigureAwait(false);
        return response.Tasks.Select(ToTask).ToArray();
    }

    /// <summary>Sends a signal (Tasks.Kill).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="signal">The signal's number, 1 to 64.</param>
    /// <param name="execId">The exec to send it to; null for the task.</param>
    /// <param name="all">Whether every process of the container gets it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">
    /// NotFound where there is no such task or exec, or it has ended; InvalidArgument for a number that no signal has.
    /// </exception>
    public async Task SendSignalAsync(
        string id, int signal, string? execId = null, bool all = false, CancellationToken cancellationToken = default)
    {
        if (signal is < 1 or > CtrSignal.LastRealTime)
        {
            throw CtrException.InvalidArgument("InvalidSignal", $"{signal} is not a signal: 1 to {CtrSignal.LastRealTime} are.");
        }

        await CallAsync(
            TaskMethods.Kill,
            new KillRequest { ContainerId = id, ExecId = execId ?? "", Signal = (uint)signal, All = all },
            id,
            execId,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the end of a task or exec (Tasks.Wait). It has no limit of its own.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec to wait for; null for the task.</param>
    /// <param name="cancellationToken">Ends the wait; the process goes on.</param>
    public Task<CtrExitStatus> WaitAsync(string id, string? execId = null, CancellationToken cancellationToken = default) =>
        WaitAsync(id, execId, ServiceChannel.NoTimeout, cancellationToken);

    /// <summary>Removes a task that has ended, or an exec (Tasks.Delete, Tasks.DeleteProcess).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">FailedPrecondition while the process lives.</exception>
    public async Task<CtrExitStatus> DeleteAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        if (execId is null)
        {
            return await DeleteTaskAsync(id, cancellationToken).ConfigureAwait(false);
        }

        CtrProcess process = await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
        CtrExitStatus status = await DeleteExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
        DeleteFilesOf(process);
        return status;
    }

    /// <summary>Kills a task, or an exec, waits 45 seconds at most for its end and removes it. One that is gone already is no error.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How it ended; null where there was nothing.</returns>
    /// <exception cref="CtrException">DeadlineExceeded for a process that SIGKILL does not end.</exception>
    public async Task<CtrExitStatus?> ForceDeleteAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        CtrProcess? process = execId is null ? null : await FindExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
        CtrExitStatus? status = await KillAndDeleteAsync(id, execId, cancellationToken).ConfigureAwait(false);
        if (process is not null)
        {
            DeleteFilesOf(process);
        }

        return status;
    }

    private async Task<CtrExitStatus?> KillAndDeleteAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        try
        {
            CtrExitStatus? status = await KillAndWaitAsync(id, execId, cancellationToken).ConfigureAwait(false);
            return execId is null
                ? await DeleteTaskAsync(id, cancellationToken).ConfigureAwait(false)
                : await DeleteExecSoonAsync(id, execId, status, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<CtrExitStatus> DeleteTaskAsync(string id, CancellationToken cancellationToken)
    {
        Identifier.Validate(id, "container id");

        // Those of a detached task, and of its detached execs, which go with it: nobody else removes them.
        string bundle = Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, id);
        string[] files = [.. ProcessFifos.Find(bundle, InitProcess), .. ProcessFifos.Find(bundle, DetachedExec)];

        // A daemon whose caller leaves in the middle of it forgets the task and keeps its directory, so that the container
        // never gets another one.
        DeleteResponse response = await _services.CallToEndAsync(
            TaskMethods.Delete,
            new DeleteTaskRequest { ContainerId = id },
            Resource.Task(id),
            cancellationToken,
            ServiceChannel.CleanUpTimeout).ConfigureAwait(false);
        ProcessFifos.Delete(files);
        return ToExitStatus(id, null, response.ExitStatus, response.ExitedAt);
    }

    /// <summary>Removes an exec, and leaves its files to whoever made them.</summary>
    internal async Task<CtrExitStatus> DeleteExecAsync(
        string id, string execId, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        DeleteResponse response = await CallAsync(
            TaskMethods.DeleteProcess, new DeleteProcessRequest { ContainerId = id, ExecId = execId }, id, execId, cancellationToken, timeout)
            .ConfigureAwait(false);
        return ToExitStatus(id, execId, response.ExitStatus, response.ExitedAt);
    }

    /// <summary>
    /// Removes an exec that was killed. Where its children live on with its output, the shim waits two seconds for their end
    /// before it removes the exec, or less where the call has less time.
    /// </summary>
    private async Task<CtrExitStatus?> DeleteExecSoonAsync(string id, string execId, CtrExitStatus? status, CancellationToken cancellationToken)
    {
        try
        {
            return await DeleteExecAsync(id, execId, cancellationToken, TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.DeadlineExceeded)
        {
            // It is being removed; this call ends when it is.
            try
            {
                return await DeleteExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException gone) when (gone.Kind == CtrErrorKind.NotFound)
            {
                return status;
            }
        }
    }

    private async Task<CtrExitStatus?> KillAndWaitAsync(string id, string? execId, CancellationToken cancellationToken)
    {
        try
        {
            await SendSignalAsync(id, SigKill, execId, all: execId is null, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            // It has ended already, which Wait tells. Or its restore from a checkpoint failed or was never begun: then there is
            // no process, and Wait would never return. Or there is none, but perhaps a shim, which containerd 1.6 leaves when
            // it is killed while it makes a task: the container gets no other one until Delete has been called.
            if (execId is null && await FindAsync(id, cancellationToken).ConfigureAwait(false) is null or { Status: CtrTaskStatus.Created, Pid: 0 })
            {
                return null;
            }
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.FailedPrecondition)
        {
            // An exec that was never started cannot be killed, and would never end.
            return null;
        }

        return await WaitAsync(id, execId, ServiceChannel.CleanUpTimeout, cancellationToken).ConfigureAwait(false);
    }

    private async Task<CtrExitStatus> WaitAsync(string id, string? execId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        WaitResponse response = await CallAsync(
            TaskMethods.Wait,
            new WaitRequest { ContainerId = id, ExecId = execId ?? "" },
            id,
            execId,
            cancellationToken,
            timeout).ConfigureAwait(false);
        return ToExitStatus(id, execId, response.ExitStatus, response.ExitedAt);
    }

    private async Task<TResponse> CallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        TRequest request,
        string? id,
        string? execId,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if (id is not null)
        {
            Identifier.Validate(id, "container id");
        }

        if (execId is not null)
        {
            Identifier.Validate(execId, "exec id");
        }

        return await _services.CallAsync(method, request, ResourceOf(id, execId), cancellationToken, timeout).ConfigureAwait(false);
    }

    private static Resource ResourceOf(string? id, string? execId) =>
        id is null ? Resource.Daemon : execId is null ? Resource.Task(id) : Resource.Exec($"{id}/{execId}");

    // A shim gives the zero time (year 1) or the epoch for a process that lives.
    private static DateTimeOffset? ExitTime(Timestamp? time) =>
        time is null || time.Seconds <= 0 ? null : time.ToDateTimeOffset();

    private CtrTask ToTask(Process process)
    {
        var status = (CtrTaskStatus)process.Status;
        return new CtrTask
        {
            Id = process.ContainerId.Length > 0 ? process.ContainerId : process.Id,
            Pid = (int)process.Pid,
            Status = status,
            StandardInput = process.Stdin,
            StandardOutput = process.Stdout,
            StandardError = process.Stderr,
            Terminal = process.Terminal,
            ExitCode = status == CtrTaskStatus.Stopped ? (int)process.ExitStatus : null,
            ExitedAt = ExitTime(process.ExitedAt),
            Address = _services.Address.ToString(),
            Namespace = _services.Namespace,
        };
    }

    private CtrProcess ToProcess(string id, string execId, Process process)
    {
        var status = (CtrTaskStatus)process.Status;
        return new CtrProcess
        {
            ContainerId = id,
            ExecId = execId,
            Kind = CtrProcessKind.Exec,
            Pid = (int)process.Pid,
            Status = status,
            StandardInput = process.Stdin,
            StandardOutput = process.Stdout,
            StandardError = process.Stderr,
            Terminal = process.Terminal,
            ExitCode = status == CtrTaskStatus.Stopped ? (int)process.ExitStatus : null,
            ExitedAt = ExitTime(process.ExitedAt),
            Address = _services.Address.ToString(),
            Namespace = _services.Namespace,
        };
    }

    private CtrExitStatus ToExitStatus(string id, string? execId, uint code, Timestamp? time) => new()
    {
        ContainerId = id,
        ExecId = execId,
        ExitCode = (int)code,
        ExitedAt = ExitTime(time) ?? DateTimeOffset.UnixEpoch,
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
