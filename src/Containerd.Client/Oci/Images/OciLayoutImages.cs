namespace Containerd.Client.Oci.Images;

/// <summary>The images that the <c>index.json</c> of an OCI layout names.</summary>
/// <remarks>Source: OCI image specification, image-layout.md.</remarks>
internal sealed class OciLayoutImages(ArchiveBlobs blobs, IReadOnlyDictionary<string, byte[]> files)
{
    internal const string LayoutFile = "oci-layout";

    private const string IndexFile = "index.json";

    private const string LayoutVersion = "1.0.0";

    internal async Task<IReadOnlyList<ArchiveImage>> ReadAsync(string? name, CancellationToken cancellationToken)
    {
        var layout = ImageJson.Parse(files[LayoutFile], ImageJsonContext.Default.OciLayout, "the file oci-layout");
        if (layout.ImageLayoutVersion != LayoutVersion)
        {
            throw new InvalidDataException($"The OCI layout has version '{layout.ImageLayoutVersion}': {LayoutVersion} can be read.");
        }

        if (!files.TryGetValue(IndexFile, out var json))
        {
            throw new InvalidDataException("The OCI layout has no index.json.");
        }

        var targets = ImageIndex.Parse(json).Manifests.Select(Complete).ToList();
        if (targets.Count == 0)
        {
            throw new InvalidDataException("The index.json of the OCI layout names no image.");
        }

        if (name is null)
        {
            return [.. targets.Select(t => new ArchiveImage(ImageNames.Of(t), t))];
        }

        if (targets.DistinctBy(t => t.Digest).Count() == 1)
        {
            return [new(name, targets[0])];
        }

        if (targets.Select(ImageNames.Of).Distinct().Count() > 1)
        {
            throw new InvalidDataException($"The archive holds {targets.Count} images of different names: one name can't be given to all of them.");
        }

        // Several manifests of one name are one image for several platforms, and the index is its target.
        var digest = await blobs.AddDocumentAsync(json, null, cancellationToken).ConfigureAwait(false);
        return [new(name, new() { MediaType = MediaTypes.OciIndex, Digest = digest, Size = json.Length })];
    }

    /// <summary>Checks a target and adds its platform, which an index.json seldom tells.</summary>
    private CtrDescriptor Complete(CtrDescriptor target)
    {
        if (!ContentDigest.IsValid(target.Digest))
        {
            throw new InvalidDataException($"The index.json of the OCI layout names '{target.Digest}', which is not a digest.");
        }

        if (!blobs.Documents.TryGetValue(target.Digest, out var document) || document.Length != target.Size)
        {
            throw new InvalidDataException($"The OCI layout is incomplete: the {target.Size} bytes of {target.Digest}, which its index.json names, are not in it.");
        }

        if (target.Platform is not null || !MediaTypes.IsManifest(target.MediaType))
        {
            return target;
        }

        var config = ImageManifest.Parse(document).Config;
        return MediaTypes.IsConfig(config.MediaType) && blobs.Documents.TryGetValue(config.Digest, out var bytes)
            ? target with { Platform = ImageConfig.Parse(bytes).Platform }
            : target;
    }
}
