using System.Runtime.Versioning;
using Containerd.Client.Archives;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>
    /// Copies a file, a link, or a directory with all that is in it from a container to this host, through a tar stream. It is
    /// read through the root directory of the task's process: the container needs no program for it, and may be paused.
    /// </summary>
    /// <param name="id">The container's id. Its task has not ended, and its daemon is on this host.</param>
    /// <param name="path">The absolute path in the container. With <c>/.</c> at its end, what is in the directory is copied, without it.</param>
    /// <param name="destination">The path on this host: a directory that gets it, or its new name.</param>
    /// <param name="cancellationToken">Ends the work; what was copied so far stays, and no file is there in part.</param>
    /// <exception cref="CtrException">
    /// NotFound without the container, the path, or the directory to copy to; FailedPrecondition where the task has ended, or a
    /// file is where a directory must be or the other way round; Unimplemented where the daemon is on another host.
    /// </exception>
    public async Task<CtrCopy> CopyFromAsync(string id, string path, string destination, CancellationToken cancellationToken = default)
    {
        RequireAbsolute(path);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        if (!IsOnThisHost)
        {
            throw NotOnThisHost(id);
        }

        using ContainerRoot container = await OpenRootAsync(id, cancellationToken).ConfigureAwait(false);
        CopyCount count = await TreeCopy.RunAsync(
            new CopyPlace(path, id, container.Tree), new CopyPlace(HostPath(destination)), owner: null, cancellationToken).ConfigureAwait(false);
        return ToCopy(id, path, destination, count);
    }

    /// <summary>
    /// Copies a file, a link, or a directory with all that is in it from this host into a container, through a tar stream. What
    /// is made belongs to the container's root.
    /// </summary>
    /// <param name="id">The container's id. Its task has not ended, and its daemon is on this host.</param>
    /// <param name="source">The path on this host. With <c>/.</c> at its end, what is in the directory is copied, without it.</param>
    /// <param name="path">The absolute path in the container: a directory that gets it, or its new name.</param>
    /// <param name="cancellationToken">Ends the work; what was copied so far stays, and no file is there in part.</param>
    /// <exception cref="CtrException">As for <see cref="CopyFromAsync"/>.</exception>
    public async Task<CtrCopy> CopyToAsync(string id, string source, string path, CancellationToken cancellationToken = default)
    {
        RequireAbsolute(path);
        ArgumentException.ThrowIfNullOrEmpty(source);
        if (!IsOnThisHost)
        {
            throw NotOnThisHost(id);
        }

        using ContainerRoot container = await OpenRootAsync(id, cancellationToken).ConfigureAwait(false);
        CopyCount count = await TreeCopy.RunAsync(
            new CopyPlace(HostPath(source)), new CopyPlace(path, id, container.Tree), container.Owner, cancellationToken).ConfigureAwait(false);
        return ToCopy(id, source, path, count);
    }

    [UnsupportedOSPlatformGuard("windows")]
    private bool IsOnThisHost => OperatingSystem.IsLinux() && _services.Address.Kind == ContainerdAddressKind.UnixSocket;

    private async Task<ContainerRoot> OpenRootAsync(string id, CancellationToken cancellationToken)
    {
        CtrTask task = await RequireProcessAsync(id, cancellationToken).ConfigureAwait(false);
        ContainerRoot root;
        try
        {
            root = ContainerRoot.Open(task.Pid);
        }
        catch (IOException e)
        {
            // It has ended since, or it may not be looked into.
            await RequireProcessAsync(id, cancellationToken).ConfigureAwait(false);
            throw CopyErrors.Explain(e, $"the root directory of container '{id}'", id);
        }

        try
        {
            // The same process, so the number was its own all the time.
            CtrTask still = await RequireProcessAsync(id, cancellationToken).ConfigureAwait(false);
            return still.Pid == task.Pid ? root : throw NotRunning(id);
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    private async Task<CtrTask> RequireProcessAsync(string id, CancellationToken cancellationToken)
    {
        CtrTask task;
        try
        {
            task = await GetAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == "TaskNotFound")
        {
            throw new CtrException(e.Kind, e.ErrorId, e.Message, e.Target, "New-CtrTask makes a task that runs nothing yet: files can be copied then.", e);
        }

        return task.Pid > 0 && task.Status is not (CtrTaskStatus.Stopped or CtrTaskStatus.Unknown) ? task : throw NotRunning(id);
    }

    private static CtrException NotOnThisHost(string id) => new(
        CtrErrorKind.Unimplemented,
        "DaemonNotLocal",
        $"The files of container '{id}' are out of reach: they are copied on the daemon's own host only, and only on Linux.",
        id,
        "Copy on the host that the daemon runs on.");

    private static CtrException NotRunning(string id) => new(
        CtrErrorKind.FailedPrecondition,
        "TaskNotRunning",
        $"Container '{id}' is not running: its files can be copied only while its task has a process.",
        id,
        "Remove-CtrTask removes what is left of it, and New-CtrTask makes one that runs nothing yet: files can be copied then.");

    private static void RequireAbsolute(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path[0] != '/')
        {
            throw CtrException.InvalidArgument("InvalidPath", $"The path '{path}' in the container must begin with '/'.", path);
        }
    }

    // Path.GetFullPath takes the "/." at the end away, which has a meaning here.
    private static string HostPath(string path) =>
        Path.GetFullPath(path) + (path.EndsWith("/.", StringComparison.Ordinal) || path == "." ? "/." : "");

    private CtrCopy ToCopy(string id, string source, string destination, CopyCount count) => new()
    {
        ContainerId = id,
        Source = source,
        Destination = destination,
        Files = count.Files,
        Size = count.Size,
        Skipped = count.Skipped,
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
