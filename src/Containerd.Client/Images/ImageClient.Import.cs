using Containerd.Client.Oci.Images;

namespace Containerd.Client;

public sealed partial class ImageClient
{
    /// <summary>Imports the images of an archive: an OCI layout or what docker save writes, as a tar, plain or gzip. It is read once.</summary>
    /// <param name="archive">The archive, from its start; it stays open.</param>
    /// <param name="options">What is taken; null for all defaults.</param>
    /// <param name="progress">Told of each part, often, by any thread.</param>
    /// <param name="cancellationToken">Ends the import, which then leaves nothing behind.</param>
    /// <returns>The images, one for each name, as they are in the daemon.</returns>
    /// <exception cref="CtrException">InvalidArgument where it is not a whole archive of images, or gives its image no name.</exception>
    public Task<IReadOnlyList<CtrImage>> ImportAsync(
        Stream archive,
        ImageImportOptions? options = null,
        IProgress<ImageProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(archive);
        return ImportAsync(
            "the stream",
            (receiver, reading) => ImageArchiveReader.ReadAsync(archive, receiver, reading, cancellationToken),
            options ?? new ImageImportOptions(),
            progress,
            cancellationToken);
    }

    /// <summary>Imports the images of an archive file, or of a directory with an OCI layout.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="options">What is taken; null for all defaults.</param>
    /// <param name="progress">Told of each part, often, by any thread.</param>
    /// <param name="cancellationToken">Ends the import, which then leaves nothing behind.</param>
    /// <returns>The images, one for each name, as they are in the daemon.</returns>
    /// <exception cref="CtrException">InvalidArgument where it is not a whole archive of images, or gives its image no name.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<IReadOnlyList<CtrImage>> ImportAsync(
        string path,
        ImageImportOptions? options = null,
        IProgress<ImageProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new ImageImportOptions();
        if (Directory.Exists(path))
        {
            return await ImportAsync(
                path,
                (receiver, reading) => ImageArchiveReader.ReadDirectoryAsync(path, receiver, reading, cancellationToken),
                options,
                progress,
                cancellationToken).ConfigureAwait(false);
        }

        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 128 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (file.ConfigureAwait(false))
        {
            return await ImportAsync(
                path,
                (receiver, reading) => ImageArchiveReader.ReadAsync(file, receiver, reading, cancellationToken),
                options,
                progress,
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Unpacks an image's layers into snapshots; those that are there are left as they are.</summary>
    /// <param name="name">The full name, or a short one.</param>
    /// <param name="snapshotter">The snapshotter; null for the daemon's default.</param>
    /// <param name="platform">The platform; null for this machine's.</param>
    /// <param name="cancellationToken">Ends the work; finished layers stay until the collector comes.</param>
    /// <exception cref="CtrException">NotFound without such an image or platform.</exception>
    public async Task UnpackAsync(
        string name, string? snapshotter = null, CtrPlatform? platform = null, CancellationToken cancellationToken = default)
    {
        snapshotter ??= await _snapshots.DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false);
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            ResolvedImage image = await ResolveAsync(name, platform, cancellationToken).ConfigureAwait(false);
            await new ImageUnpacker(lease, _snapshots, snapshotter, progress: null).UnpackAsync(image, cancellationToken).ConfigureAwait(false);
            lease.Complete();
        }
    }

    /// <summary>Whether an image's layers are all unpacked.</summary>
    /// <param name="name">The full name, or a short one.</param>
    /// <param name="snapshotter">The snapshotter; null for the daemon's default.</param>
    /// <param name="platform">The platform; null for this machine's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such an image or platform.</exception>
    public async Task<bool> IsUnpackedAsync(
        string name, string? snapshotter = null, CtrPlatform? platform = null, CancellationToken cancellationToken = default)
    {
        ResolvedImage image = await ResolveAsync(name, platform, cancellationToken).ConfigureAwait(false);
        snapshotter ??= await _snapshots.DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false);
        return image.ChainId.Length == 0
            || await _snapshots.ExistsAsync(snapshotter, image.ChainId, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<CtrImage>> ImportAsync(
        string source,
        Func<BlobReceiver, ImageArchiveOptions, Task<ImageArchive>> read,
        ImageImportOptions options,
        IProgress<ImageProgress>? progress,
        CancellationToken cancellationToken)
    {
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                IReadOnlyList<CtrImage> images = await ImportAsync(
                    lease, source, read, options, progress, cancellationToken).ConfigureAwait(false);
                lease.Complete();
                return images;
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException)
            {
                throw new CtrException(
                    CtrErrorKind.InvalidArgument,
                    "ImageArchiveInvalid",
                    $"The images of {source} cannot be imported: {e.Message}",
                    source,
                    "An OCI layout or the archive of docker save is wanted.",
                    e);
            }
            catch (FormatException e)
            {
                throw CtrException.InvalidArgument("InvalidImageName", e.Message, options.Name);
            }
        }
    }

    private async Task<IReadOnlyList<CtrImage>> ImportAsync(
        Lease lease,
        string source,
        Func<BlobReceiver, ImageArchiveOptions, Task<ImageArchive>> read,
        ImageImportOptions options,
        IProgress<ImageProgress>? progress,
        CancellationToken cancellationToken)
    {
        var import = new ImageImport(lease, options, progress);
        ImageArchive archive = await read(import.StoreAsync, new ImageArchiveOptions { Name = options.Name }).ConfigureAwait(false);
        if (archive.Images.Any(image => image.Name is null))
        {
            throw new CtrException(
                CtrErrorKind.InvalidArgument, "ImageNameMissing", $"{source} gives its image no name.", source, "Give it one with -Name.");
        }

        foreach (ArchiveImage image in archive.Images.DistinctBy(image => image.Target.Digest))
        {
            await import.LinkAsync(image.Target, cancellationToken).ConfigureAwait(false);
            if (options.Unpack)
            {
                string snapshotter = options.Snapshotter
                    ?? await _snapshots.DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false);
                ResolvedImage resolved = await _manifests.ResolveAsync(
                    image.Name!, image.Target, import.Platform, cancellationToken).ConfigureAwait(false);
                await new ImageUnpacker(lease, _snapshots, snapshotter, progress).UnpackAsync(resolved, cancellationToken).ConfigureAwait(false);
            }
        }

        // All of the names or none: from here on the import goes on also when it is cancelled.
        cancellationToken.ThrowIfCancellationRequested();
        var images = new List<CtrImage>();
        await lease.Services.CompleteAsync(
            async limit =>
            {
                foreach (ArchiveImage image in archive.Images.DistinctBy(image => image.Name))
                {
                    images.Add(await PutAsync(image.Name!, image.Target, limit).ConfigureAwait(false));
                }
            },
            Resource.Daemon,
            cancellationToken).ConfigureAwait(false);
        return images;
    }
}
