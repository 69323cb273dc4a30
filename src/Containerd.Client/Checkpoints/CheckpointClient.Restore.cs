using System.Runtime.CompilerServices;
using Containerd.Client.IO;
using Containerd.Client.Oci.Images;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Images;
using Google.Protobuf;
using Any = Google.Protobuf.WellKnownTypes.Any;

namespace Containerd.Client;

public sealed partial class CheckpointClient
{
    /// <summary>
    /// Makes a container from a checkpoint that is an image and lets its task go on. containerd's Go client may have made it,
    /// also of a task alone. The container's image is taken from the checkpoint, else from the namespace.
    /// </summary>
    /// <param name="name">The checkpoint's name.</param>
    /// <param name="id">The new container's id; null for the one that it was made of.</param>
    /// <param name="output">Where the task's output goes; null for the default log.</param>
    /// <param name="cancellationToken">Ends the work. A restore that fails or is cancelled leaves nothing.</param>
    /// <exception cref="CtrException">NotFound without such a checkpoint or its image; AlreadyExists where the id is taken; RestoreFailed.</exception>
    public async Task<CtrTask> RestoreAsync(
        string name, string? id = null, DetachedOutput? output = null, CancellationToken cancellationToken = default)
    {
        (Image image, CheckpointImage checkpoint) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        if (checkpoint.Memory is not { } memory || checkpoint.Config is not { } config)
        {
            throw Invalid(image.Name, new InvalidDataException("It holds no task."));
        }

        id ??= checkpoint.ContainerId ?? throw CtrException.InvalidArgument(
            "ContainerIdMissing", $"The checkpoint '{image.Name}' does not tell its container's id: say what the new one is to be.", image.Name);
        Oci.Identifier.Validate(id, "container id");
        ResolvedImage? baseImage = await ResolveBaseAsync(image.Name, checkpoint, cancellationToken).ConfigureAwait(false);
        var container = new Container
        {
            Id = id,
            Spec = await ReadAnyAsync(image.Name, config, cancellationToken).ConfigureAwait(false),
            Snapshotter = baseImage is null ? "" : checkpoint.Snapshotter ?? await _snapshots.DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false),
            Runtime = new Container.Types.Runtime
            {
                Name = checkpoint.Runtime ?? ContainerCreateOptions.DefaultRuntime,
                Options = checkpoint.RuntimeOptions is { } options
                    ? await ReadAnyAsync(image.Name, options, cancellationToken).ConfigureAwait(false)
                    : null,
            },
        };
        await _containers.RestoreAsync(
            container, checkpoint.ContainerId, baseImage, checkpoint.RwLayer, cancellationToken).ConfigureAwait(false);
        try
        {
            CtrTask task = await StartAsync(id, memory, output, cancellationToken).ConfigureAwait(false);
            await NameBaseAsync(checkpoint, cancellationToken).ConfigureAwait(false);
            return task;
        }
        catch
        {
            await _services.CleanUpAsync(
                limit => _containers.DeleteAsync(id, force: true, cancellationToken: limit),
                Resource.Container(id),
                cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A checkpoint that is an image, by its name.</summary>
    /// <param name="name">The full name, or a short one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound where there is none of that name.</exception>
    public async Task<CtrCheckpoint> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        (Image image, CheckpointImage checkpoint) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        return Describe(image, checkpoint);
    }

    /// <summary>A checkpoint in a directory of this machine. The directory does not tell its container's id.</summary>
    /// <param name="directory">The directory that <see cref="SaveAsync"/> made.</param>
    /// <exception cref="CtrException">NotFound where there is no such directory; CheckpointInvalid where it holds no checkpoint.</exception>
    public CtrCheckpoint GetDirectory(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        RequireCheckpoint(path);
        return new()
        {
            Kind = CtrCheckpointKind.Directory,
            Location = path,
            Size = new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length),
            CreatedAt = File.GetLastWriteTime(Path.Combine(path, CheckpointArchive.Inventory)),
            Address = _services.Address.ToString(),
            Namespace = _services.Namespace,
        };
    }

    /// <summary>The checkpoints of the namespace that are images, whoever made them.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async IAsyncEnumerable<CtrCheckpoint> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ListImagesResponse response = await _services.CallAsync(
            ImageMethods.List, new ListImagesRequest(), Resource.Daemon, cancellationToken).ConfigureAwait(false);
        foreach (Image image in response.Images)
        {
            if (await ReadAsync(image, cancellationToken).ConfigureAwait(false) is { } checkpoint)
            {
                yield return Describe(image, checkpoint);
            }
        }
    }

    /// <summary>Removes a checkpoint that is an image, and waits until what it alone referred to is gone.</summary>
    /// <param name="name">The full name, or a short one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound where there is no checkpoint of that name; another image is no checkpoint.</exception>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        (Image image, _) = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        await _images.DeleteAsync(image.Name, wait: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a checkpoint: its image, or its directory on this machine, of which a link or a mount point stays, and is empty.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">
    /// NotFound where it is not there any more; CheckpointInvalid for a directory that is no checkpoint; CheckpointNotSupported for one
    /// on the daemon's host, which cannot be reached through the daemon.
    /// </exception>
    public async Task RemoveAsync(CtrCheckpoint checkpoint, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        switch (checkpoint.Kind)
        {
            case CtrCheckpointKind.Image:
                await RemoveAsync(checkpoint.Location, cancellationToken).ConfigureAwait(false);
                break;
            case CtrCheckpointKind.Directory:
                RequireCheckpoint(checkpoint.Location);
                RemoveDirectory(checkpoint.Location);
                break;
            default:
                throw CtrException.InvalidArgument(
                    "CheckpointNotSupported", $"'{checkpoint.Location}' is a directory of the daemon's host: remove it there.", checkpoint.Location);
        }
    }

    /// <summary>
    /// Removes what is in a directory, also behind a link, last of all what makes it a checkpoint; and the directory, unless it is
    /// a link or a mount point: whoever made that removes it.
    /// </summary>
    private static void RemoveDirectory(string path)
    {
        var directory = new DirectoryInfo(path);
        foreach (FileSystemInfo entry in directory.GetFileSystemInfos().OrderBy(entry => entry.Name == CheckpointArchive.Inventory))
        {
            if (entry is DirectoryInfo { LinkTarget: null } inner)
            {
                inner.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }

        if (directory.LinkTarget is null)
        {
            try
            {
                directory.Delete();
            }
            catch (IOException e) when (e.HResult == Libc.Busy)
            {
                // It is a mount point.
            }
        }
    }

    private async Task<(Image Image, CheckpointImage Checkpoint)> FindAsync(string name, CancellationToken cancellationToken)
    {
        Image image;
        try
        {
            image = await _images.FindAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            throw NoCheckpoint(name, $"There is no checkpoint '{name}' in namespace '{_services.Namespace}'.", e);
        }

        return await ReadAsync(image, cancellationToken).ConfigureAwait(false) is { } checkpoint
            ? (image, checkpoint)
            : throw NoCheckpoint(name, $"The image '{image.Name}' in namespace '{_services.Namespace}' is no checkpoint, or cannot be read.", null);
    }

    private static CtrException NoCheckpoint(string name, string message, Exception? cause) => new(
        CtrErrorKind.NotFound, "CheckpointNotFound", message, name, "Get-CtrCheckpoint lists those that are images; -Path names a directory.", cause);

    /// <summary>What is in a checkpoint; null for an image that is none, or whose index cannot be read.</summary>
    private async Task<CheckpointImage?> ReadAsync(Image image, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsIndex(image.Target.MediaType))
        {
            return null;
        }

        try
        {
            var checkpoint = new CheckpointImage(await new ImageManifests(new ContentClient(_services))
                .ReadIndexAsync(Descriptors.ToRecord(image.Target), cancellationToken).ConfigureAwait(false));
            return checkpoint.IsCheckpoint ? checkpoint : null;
        }
        catch (Exception e) when (ImageManifests.CannotBeRead(e))
        {
            return null;
        }
    }

    /// <summary>The container's own image, as the checkpoint has it, else as the namespace has it.</summary>
    private async Task<ResolvedImage?> ResolveBaseAsync(string name, CheckpointImage checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint.BaseImageName is not { } baseName)
        {
            return null;
        }

        try
        {
            return checkpoint.BaseImage is { } target
                ? await new ImageManifests(new ContentClient(_services)).ResolveAsync(
                    baseName, target, CtrPlatform.Current, cancellationToken).ConfigureAwait(false)
                : await _images.ResolveAsync(baseName, platform: null, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw Invalid(name, e);
        }
    }

    /// <summary>Gives the image that came with a checkpoint its name, where nothing has it.</summary>
    private async Task NameBaseAsync(CheckpointImage checkpoint, CancellationToken cancellationToken)
    {
        if (checkpoint is not { BaseImageName: { } name, BaseImage: { } target })
        {
            return;
        }

        try
        {
            await _images.FindAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            await _images.PutAsync(name, target, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Any> ReadAnyAsync(string name, CtrDescriptor part, CancellationToken cancellationToken)
    {
        byte[] content = await new ContentClient(_services).ReadAsync(
            part.Digest, ArchiveBlobs.MaximumDocument, cancellationToken).ConfigureAwait(false);
        try
        {
            return Any.Parser.ParseFrom(content);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw Invalid(name, new InvalidDataException($"Its part {part.MediaType} cannot be read: {e.Message}", e));
        }
    }
}
