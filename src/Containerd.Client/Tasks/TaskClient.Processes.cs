using Containerd.Protocol.Runc;
using Containerd.Protocol.Tasks;
using Containerd.Protocol.Types.Tasks;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>The processes that live in a container (Tasks.ListPids): the first one, execs, and their children.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>By process id; none where the task has ended.</returns>
    /// <exception cref="CtrException">NotFound without a task.</exception>
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
        // Only an exec is told with details.
        string? execId = process.Info is { } info && TypeUrl.NameOf(info) == ProcessDetails.Descriptor.FullName
            ? ProcessDetails.Parser.ParseFrom(info.Value).ExecId
            : null;
        return process.Pid == task.Pid
            ? ToProcess(task)
            : new CtrProcess
            {
                ContainerId = task.Id,
                ExecId = execId,
                Kind = execId is null ? CtrProcessKind.Child : CtrProcessKind.Exec,
                Pid = (int)process.Pid,
                Status = task.Status,
                Address = task.Address,
                Namespace = task.Namespace,
            };
    }
}
