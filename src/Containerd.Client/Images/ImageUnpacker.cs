using System.Security.Cryptography;
using Containerd.Protocol.Types;

namespace Containerd.Client;

/// <summary>Unpacks an image's layers into snapshots, under a lease.</summary>
/// <remarks>
/// A snapshot is named by the chain id of its layers, so that images share them, and so do concurrent unpacks: whoever
/// commits first wins, and the others go on from there.
/// </remarks>
internal sealed class ImageUnpacker
{
    private const string UncompressedLabel = "containerd.io/uncompressed";
    private const string SnapshotLabel = "containerd.io/gc.ref.snapshot.";
    private const int MaximumAttempts = 4;

    private static readonly Dictionary<string, string> s_noLabels = [];

    private readonly Lease _lease;
    private readonly string _snapshotter;
    private readonly IProgress<ImageProgress>? _progress;
    private readonly SnapshotClient _snapshots;
    private readonly ContentClient _content;
    private readonly DiffClient _diff;

    public ImageUnpacker(Lease lease, SnapshotClient snapshots, string snapshotter, IProgress<ImageProgress>? progress)
    {
        _lease = lease;
        _snapshotter = snapshotter;
        _progress = progress;
        _snapshots = snapshots.Under(lease);
        _content = new ContentClient(lease.Services);
        _diff = new DiffClient(lease.Services);
    }

    /// <summary>Unpacks what is not unpacked yet, and has the configuration keep the snapshots.</summary>
    public async Task UnpackAsync(ResolvedImage image, CancellationToken cancellationToken)
    {
        int next = await CountPresentAsync(image, cancellationToken).ConfigureAwait(false);
        for (; next < image.Layers.Count; next++)
        {
            CtrDescriptor layer = image.Layers[next];
            _progress?.Report(new ImageProgress(ImageStage.Unpacking, layer.Digest, 0, layer.Size));
            await UnpackLayerAsync(image, next, cancellationToken).ConfigureAwait(false);
            _progress?.Report(new ImageProgress(ImageStage.Unpacking, layer.Digest, layer.Size, layer.Size));
        }

        for (int i = 0; i < image.Layers.Count; i++)
        {
            await _content.SetLabelsAsync(
                image.Layers[i].Digest,
                new Dictionary<string, string> { [UncompressedLabel] = image.DiffIds[i] },
                cancellationToken).ConfigureAwait(false);
        }

        if (image.ChainId.Length > 0)
        {
            await _content.SetLabelsAsync(
                image.ConfigDescriptor.Digest,
                new Dictionary<string, string> { [SnapshotLabel + _snapshotter] = image.ChainId },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How many layers, from the lowest, have their snapshots. Each is kept first, so that it stays.</summary>
    private async Task<int> CountPresentAsync(ResolvedImage image, CancellationToken cancellationToken)
    {
        for (int count = image.ChainIds.Count; count > 0; count--)
        {
            if (await IsPresentAsync(image.ChainIds[count - 1], cancellationToken).ConfigureAwait(false))
            {
                return count;
            }
        }

        return 0;
    }

    private async Task<bool> IsPresentAsync(string chainId, CancellationToken cancellationToken)
    {
        await _lease.PinSnapshotAsync(_snapshotter, chainId, cancellationToken).ConfigureAwait(false);
        return await _snapshots.ExistsAsync(_snapshotter, chainId, cancellationToken).ConfigureAwait(false);
    }

    private async Task UnpackLayerAsync(ResolvedImage image, int index, CancellationToken cancellationToken)
    {
        string chainId = image.ChainIds[index];
        string parent = index == 0 ? "" : image.ChainIds[index - 1];
        for (int attempt = 1; ; attempt++)
        {
            string key = $"extract-{DateTime.UtcNow.Ticks % TimeSpan.TicksPerSecond * 100}-{RandomSuffix()} {chainId}";
            try
            {
                await ExtractAsync(image, index, key, parent, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.AlreadyExists)
            {
                // Somebody else has unpacked the layer, or has that key by chance.
                if (await IsPresentAsync(chainId, cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                if (attempt == MaximumAttempts)
                {
                    throw;
                }
            }
        }
    }

    private async Task ExtractAsync(ResolvedImage image, int index, string key, string parent, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<Mount> mounts = await _snapshots.PrepareAsync(
                _snapshotter, key, parent, s_noLabels, cancellationToken).ConfigureAwait(false);
            string digest = await _diff.ApplyAsync(image.Layers[index], mounts, cancellationToken).ConfigureAwait(false);
            if (digest != image.DiffIds[index])
            {
                throw new CtrException(
                    CtrErrorKind.FailedPrecondition,
                    "ImageLayerMismatch",
                    $"Layer {index + 1} of the image '{image.Name}' unpacks to {digest}, and its configuration names {image.DiffIds[index]}.",
                    image.Name);
            }

            await _snapshots.CommitAsync(_snapshotter, key, image.ChainIds[index], s_noLabels, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // What cannot be removed goes with the lease.
            await _lease.Services.CleanUpAsync(
                limit => _snapshots.RemoveAsync(_snapshotter, key, limit), Resource.Snapshot(key), cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    private static string RandomSuffix() => Convert.ToHexString(RandomNumberGenerator.GetBytes(4)).ToLowerInvariant();
}
