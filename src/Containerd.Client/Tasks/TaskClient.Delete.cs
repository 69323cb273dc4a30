using Containerd.Client.IO;
using Containerd.Client.Oci;
using Containerd.Protocol.Tasks;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Removes a task that has ended, or an exec (Tasks.Delete, Tasks.DeleteProcess).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>How it ended; exit code 255 and the present time where its shim has ended without a word.</returns>
    /// <exception cref="CtrException">NotFound without such a task or exec; FailedPrecondition while the process lives.</exception>
    public async Task<CtrExitStatus> DeleteAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        if (execId is null)
        {
            await _services.SettledAsync(Resource.Task(id), cancellationToken).ConfigureAwait(false);
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
    /// <returns>How it ended; exit code 255 and the present time where there was nothing that could tell.</returns>
    /// <exception cref="CtrException">DeadlineExceeded for a process that SIGKILL does not end.</exception>
    public async Task<CtrExitStatus> ForceDeleteAsync(string id, string? execId = null, CancellationToken cancellationToken = default)
    {
        await _services.SettledAsync(ResourceOf(id, execId), cancellationToken).ConfigureAwait(false);
        CtrProcess? process = execId is null ? null : await FindExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
        CtrExitStatus? status = await KillAndDeleteAsync(id, execId, cancellationToken).ConfigureAwait(false);
        if (process is not null)
        {
            DeleteFilesOf(process);
        }

        return status ?? EndUnknown(id, execId);
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
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound || IsShimGone(e.Message))
        {
            return null;
        }
    }

    private async Task<CtrExitStatus> DeleteTaskAsync(string id, CancellationToken cancellationToken)
    {
        Identifier.Validate(id, "container id");

        // Those of a detached task, and of its execs that nobody is attached to, which go with it: nobody else removes them.
        string bundle = Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, id);
        string[] files = [.. ProcessFifos.Find(bundle, InitProcess), .. ProcessFifos.Find(bundle, DetachedExec), .. ProcessFifos.Find(bundle, ExecProcess)];

        // A daemon whose caller leaves in the middle of it forgets the task and keeps its directory, so that the container
        // never gets another one.
        CtrExitStatus status;
        try
        {
            DeleteResponse response = await _services.CallToEndAsync(
                TaskMethods.Delete,
                new DeleteTaskRequest { ContainerId = id },
                Resource.Task(id),
                cancellationToken).ConfigureAwait(false);
            status = ToExitStatus(id, null, response.ExitStatus, response.ExitedAt);
        }
        catch (CtrException e) when (IsShimGone(e.Message))
        {
            // The daemon is about to see that, and removes what is left of the task itself.
            status = EndUnknown(id, null);
        }

        ProcessFifos.Delete(files);
        return status;
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

        return await WaitOnceAsync(id, execId, ServiceChannel.CleanUpTimeout, cancellationToken).ConfigureAwait(false);
    }
}
