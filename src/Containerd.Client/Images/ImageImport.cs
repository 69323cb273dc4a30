using Containerd.Client.Oci.Images;

namespace Containerd.Client;

/// <summary>Stores what an archive holds, under a lease, and links it so that the collector keeps it with its image.</summary>
internal sealed class ImageImport
{
    private static readonly Dictionary<string, string> s_noLabels = [];

    private readonly Lease _lease;
    private readonly ImageImportOptions _options;
    private readonly IProgress<ImageProgress>? _progress;
    private readonly ContentClient _content;
    private readonly ImageManifests _manifests;
    private int _blobs;

    public ImageImport(Lease lease, ImageImportOptions options, IProgress<ImageProgress>? progress)
    {
        _lease = lease;
        _options = options;
        _progress = progress;
        _content = new ContentClient(lease.Services);
        _manifests = new ImageManifests(_content);
    }

    /// <summary>The platform to take and to unpack.</summary>
    public CtrPlatform Platform => _options.Platform ?? CtrPlatform.Current;

    /// <summary>Takes a blob as it comes out of the archive.</summary>
    public async Task StoreAsync(ArchiveBlob blob, CancellationToken cancellationToken)
    {
        string reference = IngestName.For("import", _lease.Services.LeaseId!, ++_blobs);
        string part = blob.Digest ?? $"blob {_blobs}";
        IProgress<long>? progress = _progress is null ? null : new BlobProgress(_progress, part, blob.Size);
        progress?.Report(0);
        try
        {
            await _content.WriteAsync(
                reference, blob.Digest, blob.Size, blob.Content, s_noLabels, progress, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // What cannot be dropped goes with the lease.
            await _lease.Services.CleanUpAsync(
                limit => _content.AbortAsync(reference, limit), Resource.Content(reference), cancellationToken).ConfigureAwait(false);
            throw;
        }

        progress?.Report(blob.Size);
    }

    /// <summary>Checks that all parts of an image are here, and labels those that refer to others.</summary>
    /// <exception cref="InvalidDataException">A part is missing.</exception>
    public async Task LinkAsync(CtrDescriptor target, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>();
        if (MediaTypes.IsIndex(target.MediaType))
        {
            IReadOnlyList<CtrDescriptor> children = await ChildrenAsync(target, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < children.Count; i++)
            {
                await RequireAsync(children[i], cancellationToken).ConfigureAwait(false);
                await LinkAsync(children[i], cancellationToken).ConfigureAwait(false);
                labels.Add($"{ContentClient.ReferenceLabel}m.{i}", children[i].Digest);
            }
        }
        else
        {
            ImageManifest manifest = await _manifests.ReadManifestAsync(target, cancellationToken).ConfigureAwait(false);
            await RequireAsync(manifest.Config, cancellationToken).ConfigureAwait(false);
            labels.Add($"{ContentClient.ReferenceLabel}config", manifest.Config.Digest);
            for (int i = 0; i < manifest.Layers.Count; i++)
            {
                await RequireAsync(manifest.Layers[i], cancellationToken).ConfigureAwait(false);
                labels.Add($"{ContentClient.ReferenceLabel}l.{i}", manifest.Layers[i].Digest);
            }
        }

        await _content.SetLabelsAsync(target.Digest, labels, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<CtrDescriptor>> ChildrenAsync(CtrDescriptor index, CancellationToken cancellationToken)
    {
        if (_options.AllPlatforms)
        {
            return (await _manifests.ReadIndexAsync(index, cancellationToken).ConfigureAwait(false)).Manifests;
        }

        return await _manifests.SelectChildAsync(index, Platform, cancellationToken).ConfigureAwait(false) is { } child
            ? [child]
            : throw new InvalidDataException($"The archive's image is not for {Platform}.");
    }

    /// <summary>Keeps a part first and then looks for it, so that it can't go in between.</summary>
    private async Task RequireAsync(CtrDescriptor part, CancellationToken cancellationToken)
    {
        if (!Oci.ContentDigest.IsValid(part.Digest))
        {
            throw new InvalidDataException($"The archive is damaged: a manifest in it names '{part.Digest}', which is not a digest.");
        }

        await _lease.PinContentAsync(part.Digest, cancellationToken).ConfigureAwait(false);
        if (!await _content.ExistsAsync(part.Digest, cancellationToken).ConfigureAwait(false))
        {
            throw new InvalidDataException($"The archive is incomplete: {part.Digest} ({part.MediaType}) is not in it.");
        }
    }

    private sealed class BlobProgress(IProgress<ImageProgress> progress, string part, long size) : IProgress<long>
    {
        public void Report(long value) => progress.Report(new ImageProgress(ImageStage.Storing, part, value, size));
    }
}
