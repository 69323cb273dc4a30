namespace Containerd.Client.Oci.Images;

/// <summary>The images that the <c>manifest.json</c> of docker save names; their manifests are made here.</summary>
internal sealed class DockerArchiveImages(
    ArchiveBlobs blobs,
    IReadOnlyDictionary<string, byte[]> files,
    IReadOnlyDictionary<string, StoredBlob> layers,
    IReadOnlyDictionary<string, string> links)
{
    internal const string ManifestFile = "manifest.json";

    private const int MaximumLinks = 16;

    internal async Task<IReadOnlyList<ArchiveImage>> ReadAsync(string? name, CancellationToken cancellationToken)
    {
        var images = ImageJson.List(ImageJson.Parse(files[ManifestFile], ImageJsonContext.Default.ListDockerArchiveImage, "the manifest.json of docker save"));
        if (images.Count == 0)
        {
            throw new InvalidDataException("The manifest.json of the archive names no image.");
        }

        var result = new List<ArchiveImage>();
        foreach (var image in images)
        {
            var target = await WriteManifestAsync(image, cancellationToken).ConfigureAwait(false);
            result.AddRange(image.RepoTags.Count == 0
                ? [new(null, target)]
                : image.RepoTags.Select(t => new ArchiveImage(ImageNames.OfTag(t), target)));
        }

        if (name is null)
        {
            return result;
        }

        return result.DistinctBy(i => i.Target.Digest).Count() == 1
            ? [new(name, result[0].Target)]
            : throw new InvalidDataException($"The archive holds {images.Count} images: one name can't be given to all of them.");
    }

    private async Task<CtrDescriptor> WriteManifestAsync(DockerArchiveImage image, CancellationToken cancellationToken)
    {
        var json = Document(image.Config);
        var config = ImageConfig.Parse(json);
        if (config.Rootfs.DiffIds.Count != image.Layers.Count)
        {
            throw new InvalidDataException($"The archive is damaged: the configuration '{image.Config}' names {config.Rootfs.DiffIds.Count} layers and manifest.json {image.Layers.Count}.");
        }

        var manifest = new ImageManifest
        {
            MediaType = MediaTypes.DockerManifest,
            Config = new()
            {
                MediaType = MediaTypes.DockerConfig,
                Digest = await blobs.AddDocumentAsync(json, null, cancellationToken).ConfigureAwait(false),
                Size = json.Length,
            },
            Layers = [.. image.Layers.Zip(config.Rootfs.DiffIds, Layer)],
        };
        var bytes = manifest.ToUtf8Json();
        return new()
        {
            MediaType = MediaTypes.DockerManifest,
            Digest = await blobs.AddDocumentAsync(bytes, null, cancellationToken).ConfigureAwait(false),
            Size = bytes.Length,
            Platform = config.Platform,
        };
    }

    private CtrDescriptor Layer(string name, string diffId)
    {
        if (!layers.TryGetValue(Follow(name), out var blob))
        {
            throw new InvalidDataException($"The archive is incomplete: the layer '{name}' is not in it.");
        }

        if (blob.Compression == CompressionKind.None && blob.Digest != diffId)
        {
            throw new InvalidDataException($"The archive is damaged: the layer '{name}' has the digest {blob.Digest}, and {diffId} is expected.");
        }

        return new()
        {
            Digest = blob.Digest,
            Size = blob.Size,
            MediaType = blob.Compression switch
            {
                CompressionKind.Gzip => MediaTypes.DockerLayerGzip,
                CompressionKind.Zstd => MediaTypes.OciLayerZstd,
                _ => MediaTypes.DockerLayer,
            },
        };
    }

    private byte[] Document(string name)
    {
        var target = Follow(name);
        if (files.TryGetValue(target, out var document))
        {
            return document;
        }

        return layers.TryGetValue(target, out var blob) && blobs.Documents.TryGetValue(blob.Digest, out document)
            ? document
            : throw new InvalidDataException($"The archive is incomplete: the configuration '{name}' is not in it.");
    }

    private string Follow(string name)
    {
        var target = ArchivePath.Normalize(name);
        for (var i = 0; links.TryGetValue(target, out var next); i++)
        {
            target = i < MaximumLinks ? next : throw new InvalidDataException($"The archive is refused: '{name}' is a link that leads in a circle.");
        }

        return target;
    }
}
