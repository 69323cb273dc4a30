using Containerd.Client.Oci;
using Containerd.Protocol.Containers;

namespace Containerd.Client;

/// <summary>Checkpoints of tasks, which CRIU takes and restores: Tasks.Checkpoint, and Tasks.Create with a checkpoint.</summary>
/// <remarks>
/// Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.
/// Where CRIU fails, the error is CheckpointFailed, RestoreFailed or CriuNotFound, with the likely cause and the end of CRIU's log.
/// </remarks>
public sealed partial class CheckpointClient
{
    private readonly ServiceChannel _services;
    private readonly ContainerClient _containers;
    private readonly ImageClient _images;
    private readonly SnapshotClient _snapshots;
    private readonly LeaseClient _leases;

    internal CheckpointClient(ServiceChannel services, ContainerClient containers, ImageClient images, SnapshotClient snapshots)
    {
        _services = services;
        _containers = containers;
        _images = images;
        _snapshots = snapshots;
        _leases = new LeaseClient(services);
    }

    /// <summary>
    /// Saves a task's memory to a directory on this machine. The daemon writes it into its content store first; there it is
    /// gone when this returns, also after a failure but CheckpointKept.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="directory">The directory, which is made; one that is there must be empty. It can be read by its owner alone.</param>
    /// <param name="options">How the checkpoint is taken; null for all defaults.</param>
    /// <param name="cancellationToken">
    /// Ends the work, which then leaves no directory. A checkpoint that CRIU has begun is completed first; one with which the task
    /// has ended is saved all the same.
    /// </param>
    /// <exception cref="CtrException">
    /// NotFound without a task; AlreadyExists where the directory holds something; CheckpointUnreadable where the daemon has lost or
    /// damaged what was written; CheckpointKept where the task has ended and its checkpoint could not be saved,
    /// also for a caller that has cancelled while the daemon did not answer.
    /// </exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public async Task<CtrCheckpoint> SaveAsync(
        string id, string directory, CheckpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        RequireFree(path);
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        var checkpoint = new TaskCheckpoint(_containers.Tasks, _leases, container, options ?? new CheckpointOptions());

        // Made before the task may end: where it cannot be, the task runs on. One that is there may be a link, or a disk of its own.
        bool isThere = Directory.Exists(path);
        string partial = MakePartial(path, isThere ? path : Path.GetDirectoryName(path)!);
        try
        {
            return await UnderLeaseAsync(checkpoint, path, SaveUnderAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            RemovePartial(partial);
        }

        async Task<CtrCheckpoint> SaveUnderAsync(Lease lease)
        {
            // The lease is not completed: what it keeps is to go with it.
            CtrDescriptor memory = await checkpoint.TakeAsync(lease, cancellationToken).ConfigureAwait(false);
            long size = await ExtractAsync(lease, memory, partial, checkpoint.After(cancellationToken)).ConfigureAwait(false);
            if (isThere)
            {
                MoveUp(partial, path);
            }
            else
            {
                Directory.Move(partial, path);
            }

            return Describe(container, CtrCheckpointKind.Directory, path, size);
        }
    }

    /// <summary>Has CRIU save a task's memory to a directory on the daemon's host, past the content store.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="imagePath">An absolute path on the daemon's host; the runtime makes the directory.</param>
    /// <param name="options">How the checkpoint is taken; null for all defaults.</param>
    /// <param name="cancellationToken">Ends the work; a checkpoint that CRIU has begun is completed first.</param>
    /// <exception cref="CtrException">
    /// NotFound without a task; InvalidArgument for a path that is not absolute; CheckpointKept for a caller that has cancelled
    /// while the daemon did not answer, where the task may have ended.
    /// </exception>
    public async Task<CtrCheckpoint> SaveToImagePathAsync(
        string id, string imagePath, CheckpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireAbsolute(imagePath);
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        var checkpoint = new TaskCheckpoint(_containers.Tasks, _leases, container, options ?? new CheckpointOptions());
        try
        {
            await checkpoint.WriteAsync(_services, imagePath, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (checkpoint.HasEndedTask)
        {
            throw new CtrException(
                CtrErrorKind.Unknown,
                "CheckpointKept",
                $"The command was stopped before the daemon had answered. If the task '{id}' has ended, its checkpoint is in '{imagePath}' on the daemon's host.",
                imagePath,
                "Get-CtrTask tells whether it has ended; Restore-CtrCheckpoint -ImagePath lets it go on.",
                e);
        }

        return Describe(container, CtrCheckpointKind.ImagePath, imagePath, size: null);
    }

    /// <summary>
    /// Starts a container's task from a directory that <see cref="SaveAsync"/> made. What is uploaded for it is gone from the
    /// content store when this returns. A task that has ended is removed first.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="directory">The directory, on this machine.</param>
    /// <param name="output">Where its output goes; null for the default log.</param>
    /// <param name="cancellationToken">Ends the work; a task that was made is removed.</param>
    /// <exception cref="CtrException">NotFound without such a container or directory; FailedPrecondition where it has a task; CheckpointInvalid.</exception>
    public Task<CtrTask> StartAsync(
        string id, string directory, DetachedOutput? output = null, CancellationToken cancellationToken = default) =>
        FromDirectoryAsync(directory, source => _containers.Tasks.StartAsync(id, output, source, cancellationToken), cancellationToken);

    /// <summary>The same as <see cref="StartAsync(string, string, DetachedOutput?, CancellationToken)"/>, attached to the task.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="directory">The directory, on this machine.</param>
    /// <param name="standardInput">Whether it gets a standard input.</param>
    /// <param name="cancellationToken">Ends the work; what was made is removed.</param>
    /// <exception cref="CtrException">NotFound without such a container or directory; FailedPrecondition where it has a task; CheckpointInvalid.</exception>
    public Task<RunningProcess> StartAttachedAsync(
        string id, string directory, bool standardInput = false, CancellationToken cancellationToken = default) =>
        FromDirectoryAsync(directory, source => _containers.Tasks.StartAttachedAsync(id, standardInput, source, cancellationToken), cancellationToken);

    /// <summary>Starts a container's task from a tar of CRIU's images in the content store.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="memory">The tar's descriptor.</param>
    /// <param name="output">Where its output goes; null for the default log.</param>
    /// <param name="cancellationToken">Ends the work; a task that was made is removed.</param>
    /// <exception cref="CtrException">CheckpointTypeUnsupported for another media type than containerd's for CRIU's images.</exception>
    public Task<CtrTask> StartAsync(
        string id, CtrDescriptor memory, DetachedOutput? output = null, CancellationToken cancellationToken = default) =>
        _containers.Tasks.StartAsync(id, output, new RestoreSource(memory), cancellationToken);

    /// <summary>Starts a container's task from CRIU's images in a directory on the daemon's host, past the content store.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="imagePath">An absolute path on the daemon's host.</param>
    /// <param name="output">Where its output goes; null for the default log.</param>
    /// <param name="cancellationToken">Ends the work; a task that was made is removed.</param>
    /// <exception cref="CtrException">InvalidArgument for a path that is not absolute, or another runtime than runc.</exception>
    public Task<CtrTask> StartFromImagePathAsync(
        string id, string imagePath, DetachedOutput? output = null, CancellationToken cancellationToken = default)
    {
        RequireAbsolute(imagePath);
        return _containers.Tasks.StartAsync(id, output, new RestoreSource(ImagePath: imagePath), cancellationToken);
    }

    private static void RequireFree(string path)
    {
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
        {
            throw new CtrException(
                CtrErrorKind.AlreadyExists, "CheckpointAlreadyExists", $"'{path}' is there already and is not empty.", path, "Choose another -Path.");
        }
    }

    private static void RequireAbsolute(string imagePath)
    {
        if (!LinuxPath.IsAbsolute(imagePath))
        {
            throw CtrException.InvalidArgument(
                "InvalidImagePath", $"The image path '{imagePath}' is not absolute: it is one of the daemon's host.", imagePath);
        }
    }

    /// <summary>Makes a directory for what is to be in the one that is wanted, which so is whole or not there.</summary>
    private static string MakePartial(string path, string parent)
    {
        string partial = Path.Combine(parent, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            CheckpointArchive.CreateDirectory(partial);
            if (parent == path && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string message = $"The directory '{path}' cannot be made: {e.Message.Replace(partial, path, StringComparison.Ordinal)}";
            throw e is IOException ? new IOException(message, e) : new UnauthorizedAccessException(message, e);
        }

        return partial;
    }

    /// <summary>Moves what is in a directory to the one above it, last of all the file that makes it a checkpoint.</summary>
    private static void MoveUp(string partial, string path)
    {
        foreach (string entry in Directory.GetFileSystemEntries(partial).OrderBy(entry => Path.GetFileName(entry) == CheckpointArchive.Inventory))
        {
            Directory.Move(entry, Path.Combine(path, Path.GetFileName(entry)));
        }
    }

    /// <summary>Removes what was not completed. That it was not, and why, is what is reported, not this.</summary>
    private static void RemovePartial(string partial)
    {
        try
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something has been mounted in it, or its disk is gone.
        }
    }

    private static async Task<long> ExtractAsync(Lease lease, CtrDescriptor memory, string directory, CancellationToken cancellationToken)
    {
        try
        {
            Stream tar = new ContentClient(lease.Services).OpenRead(memory.Digest, cancellationToken);
            await using (tar.ConfigureAwait(false))
            {
                return await CheckpointArchive.ExtractAsync(tar, directory, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is InvalidDataException or CtrException { Kind: CtrErrorKind.InvalidArgument or CtrErrorKind.NotFound })
        {
            // The caller named none of it: the daemon has lost or damaged what it had just written.
            throw new CtrException(
                CtrErrorKind.Unknown,
                "CheckpointUnreadable",
                $"The checkpoint was taken, and cannot be read back from the daemon's content store: {e.Message}",
                memory.Digest,
                "Look at the disk under the daemon's root directory, and take the checkpoint again.",
                e);
        }
    }

    private async Task<T> FromDirectoryAsync<T>(string directory, Func<RestoreSource, Task<T>> start, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string path = Path.GetFullPath(directory);
        RequireCheckpoint(path);
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                (string digest, long size) = await new ContentClient(lease.Services).WriteAsync(
                    IngestName.For("checkpoint", lease.Services.LeaseId!, "memory"),
                    tar => CheckpointArchive.WriteAsync(path, tar, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
                return await start(new RestoreSource(
                    new CtrDescriptor { MediaType = CheckpointMediaTypes.Memory, Digest = digest, Size = size })).ConfigureAwait(false);
            }
            catch (InvalidDataException e)
            {
                throw Invalid(path, e);
            }
        }
    }

    private static void RequireCheckpoint(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new CtrException(CtrErrorKind.NotFound, "CheckpointNotFound", $"There is no checkpoint '{path}': it is not a directory.", path);
        }

        if (!File.Exists(Path.Combine(path, CheckpointArchive.Inventory)))
        {
            throw Invalid(path, new InvalidDataException($"There is no {CheckpointArchive.Inventory} in it, which CRIU writes."));
        }
    }

    private static CtrException Invalid(string location, InvalidDataException error) => new(
        CtrErrorKind.InvalidArgument, "CheckpointInvalid", $"The checkpoint '{location}' cannot be used: {error.Message}", location, null, error);

    private CtrCheckpoint Describe(Container container, CtrCheckpointKind kind, string location, long? size) => new()
    {
        Kind = kind,
        Location = location,
        ContainerId = container.Id,
        Image = container.Image.Length > 0 ? container.Image : null,
        Size = size,
        CreatedAt = DateTimeOffset.Now,
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
