using Containerd.Protocol.Tasks;
using Containerd.Protocol.Types.Tasks;
using Google.Protobuf;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>
    /// The processes that live in a container (Tasks.ListPids): the first one, execs, and their children, each with what the
    /// runtime tells of it.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>By process id; none where the task has ended.</returns>
    /// <exception cref="CtrException">NotFound without a task; ProcessDetailsInvalid where what the runtime tells cannot be read.</exception>
    public async Task<IReadOnlyList<CtrProcess>> ListProcessesAsync(string id, CancellationToken cancellationToken = default)
    {
        CtrTask task = await GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (task.Status == CtrTaskStatus.Stopped)
        {
            return [];
        }

        ListPidsResponse response = await CallAsync(
            TaskMethods.ListPids, new ListPidsRequest { ContainerId = id }, id, null, cancellationToken).ConfigureAwait(false);
        return response.Processes.OrderBy(process => process.Pid).Select(process => ToProcess(task, process)).ToArray();
    }

    private static CtrProcess ToProcess(CtrTask task, ProcessInfo process)
    {
        CtrProcessDetails? details = DetailsOf(task, process);
        if (process.Pid == task.Pid)
        {
            // Some runtimes give it the container's id, as if it were an exec.
            return ToProcess(task) with { Details = details is null ? null : details with { ExecId = null } };
        }

        return new CtrProcess
        {
            ContainerId = task.Id,
            ExecId = details?.ExecId,
            Kind = details?.ExecId is null ? CtrProcessKind.Child : CtrProcessKind.Exec,
            Pid = (int)process.Pid,
            Status = task.Status,
            Details = details,
            Address = task.Address,
            Namespace = task.Namespace,
        };
    }

    private static CtrProcessDetails? DetailsOf(CtrTask task, ProcessInfo process)
    {
        try
        {
            return ProcessDetails.Decode(process.Info);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new CtrException(
                CtrErrorKind.Unknown,
                "ProcessDetailsInvalid",
                $"What the runtime tells of process {process.Pid} in container '{task.Id}' cannot be read as {process.Info.TypeUrl}: {e.Message}",
                task.Id,
                "Update the runtime's shim, or this module: they do not agree on that message.",
                e);
        }
    }
}
