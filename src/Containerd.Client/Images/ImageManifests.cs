using Containerd.Client.Oci.Images;

namespace Containerd.Client;

/// <summary>Finds its way from an image's target to the manifests and configurations in the content store.</summary>
internal sealed class ImageManifests(ContentClient content)
{
    // Indexes of indexes are legal and rare; more levels than this lead in a circle.
    private const int MaximumDepth = 4;

    /// <summary>
    /// Whether an image's documents are not here, or are not what they are to be: damaged, too large, or with a digest that is
    /// none, which the daemon refuses. A list goes on without them.
    /// </summary>
    public static bool CannotBeRead(Exception error) => error is InvalidDataException
        or CtrException { Kind: CtrErrorKind.NotFound or CtrErrorKind.InvalidArgument }
        or CtrException { ErrorId: "ContentTooLarge" };

    public async Task<ImageIndex> ReadIndexAsync(CtrDescriptor index, CancellationToken cancellationToken) =>
        ImageIndex.Parse(await ReadAsync(index, cancellationToken).ConfigureAwait(false));

    public async Task<ImageManifest> ReadManifestAsync(CtrDescriptor manifest, CancellationToken cancellationToken) =>
        ImageManifest.Parse(await ReadAsync(manifest, cancellationToken).ConfigureAwait(false));

    /// <summary>The image for a platform.</summary>
    /// <exception cref="CtrException">NotFound where it has no such platform, or its content is not here.</exception>
    /// <exception cref="InvalidDataException">The documents are damaged.</exception>
    public async Task<ResolvedImage> ResolveAsync(
        string name, CtrDescriptor target, CtrPlatform platform, CancellationToken cancellationToken)
    {
        CtrDescriptor descriptor = await SelectAsync(target, platform, cancellationToken).ConfigureAwait(false)
            ?? throw await NoPlatformAsync(name, target, platform, cancellationToken).ConfigureAwait(false);
        ImageManifest manifest = await ReadManifestAsync(descriptor, cancellationToken).ConfigureAwait(false);
        ImageConfig config = ImageConfig.Parse(await ReadAsync(manifest.Config, cancellationToken).ConfigureAwait(false));
        CtrDescriptor[] layers = manifest.Layers.Where(layer => MediaTypes.IsLayer(layer.MediaType)).ToArray();
        if (layers.Length != config.Rootfs.DiffIds.Count)
        {
            throw new InvalidDataException(
                $"The image '{name}' is damaged: its manifest names {layers.Length} layers and its configuration {config.Rootfs.DiffIds.Count}.");
        }

        return new ResolvedImage
        {
            Name = name,
            Target = target,
            Manifest = descriptor,
            ConfigDescriptor = manifest.Config,
            Config = config.Config,
            Layers = layers,
            DiffIds = config.Rootfs.DiffIds,
            ChainIds = Oci.Images.ChainId.All(config.Rootfs.DiffIds),
        };
    }

    /// <summary>The entry of an index that leads to the platform's manifest; null where none does.</summary>
    public async Task<CtrDescriptor?> SelectChildAsync(CtrDescriptor index, CtrPlatform platform, CancellationToken cancellationToken) =>
        (await SelectAsync(index, platform, 0, cancellationToken).ConfigureAwait(false))?.Child;

    /// <summary>The platforms that an image is for, as far as its content is here.</summary>
    public async Task<IReadOnlyList<CtrPlatform>> PlatformsAsync(CtrDescriptor target, CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrDescriptor> manifests = MediaTypes.IsIndex(target.MediaType)
            ? (await ReadIndexAsync(target, cancellationToken).ConfigureAwait(false)).Manifests
            : [target];
        var platforms = new List<CtrPlatform>();
        foreach (CtrDescriptor manifest in manifests)
        {
            if (await PlatformOfAsync(manifest, cancellationToken).ConfigureAwait(false) is { } platform)
            {
                platforms.Add(platform);
            }
        }

        return platforms;
    }

    /// <summary>The bytes of the image for this machine, else for the first platform that is here.</summary>
    public async Task<long> SizeAsync(CtrDescriptor target, CancellationToken cancellationToken)
    {
        CtrDescriptor manifest = await SelectAsync(target, CtrPlatform.Current, cancellationToken).ConfigureAwait(false)
            ?? await FirstPresentAsync(target, cancellationToken).ConfigureAwait(false);
        ImageManifest parts = await ReadManifestAsync(manifest, cancellationToken).ConfigureAwait(false);
        return Descriptors.SizeOf([manifest, parts.Config, .. parts.Layers]);
    }

    private async Task<CtrDescriptor?> SelectAsync(CtrDescriptor target, CtrPlatform platform, CancellationToken cancellationToken)
    {
        if (MediaTypes.IsIndex(target.MediaType))
        {
            return (await SelectAsync(target, platform, 0, cancellationToken).ConfigureAwait(false))?.Manifest;
        }

        // A configuration that names no platform is taken as it is.
        CtrPlatform? own = await PlatformOfAsync(target, cancellationToken).ConfigureAwait(false);
        return own is null || platform.RankOf(own) is not null ? target : null;
    }

    private async Task<(CtrDescriptor Child, CtrDescriptor Manifest)?> SelectAsync(
        CtrDescriptor target, CtrPlatform platform, int depth, CancellationToken cancellationToken)
    {
        ImageIndex index = await ReadIndexAsync(target, cancellationToken).ConfigureAwait(false);
        var manifests = new List<CtrDescriptor>();
        // An index may have other parts too, such as a checkpoint's memory.
        foreach (CtrDescriptor child in index.Manifests.Where(child => MediaTypes.IsManifest(child.MediaType)))
        {
            manifests.Add(child with { Platform = await PlatformOfAsync(child, cancellationToken).ConfigureAwait(false) });
        }

        if (platform.Select(manifests) is { } best)
        {
            return (best, best);
        }

        foreach (CtrDescriptor child in index.Manifests.Where(child => depth < MaximumDepth && MediaTypes.IsIndex(child.MediaType)))
        {
            if (await SelectAsync(child, platform, depth + 1, cancellationToken).ConfigureAwait(false) is { } found)
            {
                return (child, found.Manifest);
            }
        }

        return null;
    }

    private async Task<CtrDescriptor> FirstPresentAsync(CtrDescriptor target, CancellationToken cancellationToken)
    {
        if (MediaTypes.IsIndex(target.MediaType))
        {
            foreach (CtrDescriptor child in (await ReadIndexAsync(target, cancellationToken).ConfigureAwait(false)).Manifests)
            {
                if (MediaTypes.IsManifest(child.MediaType) && await content.ExistsAsync(child.Digest, cancellationToken).ConfigureAwait(false))
                {
                    return child;
                }
            }
        }

        return target;
    }

    /// <summary>What a descriptor says, else what its configuration says; null where neither is known here.</summary>
    private async Task<CtrPlatform?> PlatformOfAsync(CtrDescriptor manifest, CancellationToken cancellationToken)
    {
        if (manifest.Platform is not null || !MediaTypes.IsManifest(manifest.MediaType))
        {
            return manifest.Platform;
        }

        try
        {
            CtrDescriptor config = (await ReadManifestAsync(manifest, cancellationToken).ConfigureAwait(false)).Config;
            return MediaTypes.IsConfig(config.MediaType)
                ? ImageConfig.Parse(await ReadAsync(config, cancellationToken).ConfigureAwait(false)).Platform
                : null;
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<CtrException> NoPlatformAsync(
        string name, CtrDescriptor target, CtrPlatform platform, CancellationToken cancellationToken)
    {
        if (MediaTypes.IsIndex(target.MediaType)
            && new CheckpointImage(await ReadIndexAsync(target, cancellationToken).ConfigureAwait(false)).IsCheckpoint)
        {
            return new CtrException(
                CtrErrorKind.NotFound,
                "ImagePlatformNotFound",
                $"The image '{name}' is a checkpoint, and none that a container is made from.",
                name,
                "Restore-CtrCheckpoint lets its task go on.");
        }

        IReadOnlyList<CtrPlatform> platforms = await PlatformsAsync(target, cancellationToken).ConfigureAwait(false);
        return new CtrException(
            CtrErrorKind.NotFound,
            "ImagePlatformNotFound",
            $"The image '{name}' is not for {platform}: it is for {(platforms.Count == 0 ? "no known platform" : string.Join(", ", platforms))}.",
            name,
            "Choose one of its platforms with -Platform.");
    }

    private Task<byte[]> ReadAsync(CtrDescriptor document, CancellationToken cancellationToken) =>
        content.ReadAsync(document.Digest, ArchiveBlobs.MaximumDocument, cancellationToken);
}
