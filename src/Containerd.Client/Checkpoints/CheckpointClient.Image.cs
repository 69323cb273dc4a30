using System.Globalization;
using System.Security.Cryptography;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Images;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Images;
using Containerd.Protocol.Tasks;
using Containerd.Protocol.Types;
using Google.Protobuf;
using Any = Google.Protobuf.WellKnownTypes.Any;

namespace Containerd.Client;

public sealed partial class CheckpointClient
{
    /// <summary>What containerd's Go client labels its checkpoints with.</summary>
    internal const string ImageLabel = "containerd.io/checkpoint";

    private static readonly Dictionary<string, string> s_noLabels = [];

    /// <summary>
    /// Saves a task as an image, from which it can go on in a new container: its memory, the container's spec, runtime and
    /// runtime options, and where that is wanted what it has written and its own image. containerd's Go client reads it.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="reference">The new image's name; a short one is completed as Docker does.</param>
    /// <param name="options">How the checkpoint is taken, and what goes in; null for all defaults.</param>
    /// <param name="cancellationToken">
    /// Ends the work, which then leaves nothing. A checkpoint that CRIU has begun is completed first; one with which the task has
    /// ended is saved all the same.
    /// </param>
    /// <exception cref="CtrException">
    /// NotFound without a task; AlreadyExists where the name is taken; CheckpointKept where the task has ended and its checkpoint
    /// could not be saved, also for a caller that has cancelled while the daemon did not answer.
    /// </exception>
    public async Task<CtrCheckpoint> SaveImageAsync(
        string id, string reference, CheckpointOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new CheckpointOptions();
        string name = FullName(reference);
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        await RefuseTakenAsync(name, cancellationToken).ConfigureAwait(false);
        var checkpoint = new TaskCheckpoint(_containers.Tasks, _leases, container, options);
        return await UnderLeaseAsync(
            checkpoint,
            name,
            async lease =>
            {
                ImageIndex index = await CollectAsync(lease, container, checkpoint, options, cancellationToken).ConfigureAwait(false);
                CancellationToken after = checkpoint.After(cancellationToken);
                CtrDescriptor target = await WriteIndexAsync(lease, index, after).ConfigureAwait(false);
                Image image = await NameAsync(lease, name, target, after).ConfigureAwait(false);
                lease.Complete();
                return Describe(image, new CheckpointImage(index));
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static string FullName(string reference)
    {
        try
        {
            return ImageReference.Parse(reference).ToString();
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidImageName", e.Message, reference);
        }
    }

    private async Task RefuseTakenAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await _images.GetAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return;
        }

        throw new CtrException(
            CtrErrorKind.AlreadyExists,
            "CheckpointAlreadyExists",
            $"There is an image '{name}' already in namespace '{_services.Namespace}'.",
            name,
            "Choose another name, or remove the image first.");
    }

    /// <summary>Writes all parts, the memory and the files being of the same moment.</summary>
    private async Task<ImageIndex> CollectAsync(
        Lease lease, Container container, TaskCheckpoint checkpoint, CheckpointOptions options, CancellationToken cancellationToken)
    {
        var parts = new List<CtrDescriptor>();

        // Looked up before the task may end: where it is gone, the task runs on.
        CtrDescriptor? image = options.IncludeImage && container.Image.Length > 0
            ? (await _images.GetAsync(container.Image, cancellationToken).ConfigureAwait(false)).Target
            : null;
        bool withFiles = options.IncludeRwLayer && container.SnapshotKey.Length > 0;

        // A task that ends with its checkpoint writes no more; one that runs on is held meanwhile.
        bool paused = withFiles && !options.Exit && await _containers.Tasks.HoldAsync(container.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            parts.Add(await checkpoint.TakeAsync(lease, cancellationToken).ConfigureAwait(false));
            cancellationToken = checkpoint.After(cancellationToken);
            if (withFiles)
            {
                parts.Add(await WriteRwLayerAsync(lease, container, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (Exception e) when (paused)
        {
            throw await _containers.Tasks.ThawAfterAsync(e, container.Id, cancellationToken).ConfigureAwait(false);
        }

        if (paused)
        {
            await _containers.Tasks.ThawAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }

        parts.Add(await WriteAnyAsync(lease, CheckpointMediaTypes.Config, container.Spec, cancellationToken).ConfigureAwait(false));
        parts.Add(await WriteAnyAsync(lease, CheckpointMediaTypes.Options, checkpoint.Options(), cancellationToken).ConfigureAwait(false));
        if (container.Runtime.Options is { Value.Length: > 0 } runtime)
        {
            parts.Add(await WriteAnyAsync(lease, CheckpointMediaTypes.RuntimeOptions, runtime, cancellationToken).ConfigureAwait(false));
        }

        for (int i = 0; i < parts.Count; i++)
        {
            parts[i] = parts[i] with { Platform = CtrPlatform.Current };
        }

        var annotations = new Dictionary<string, string>
        {
            [CheckpointAnnotations.Runtime] = container.Runtime.Name,
            [CheckpointAnnotations.Container] = container.Id,
        };
        if (container.Snapshotter.Length > 0)
        {
            annotations.Add(CheckpointAnnotations.Snapshotter, container.Snapshotter);
        }

        if (container.Image.Length > 0)
        {
            annotations.Add(CheckpointAnnotations.Image, container.Image);
            if (image is not null)
            {
                parts.Add(image);
            }
        }

        return new ImageIndex { Manifests = parts, Annotations = annotations };
    }

    /// <summary>What the container has written over its image, as a layer.</summary>
    private async Task<CtrDescriptor> WriteRwLayerAsync(Lease lease, Container container, CancellationToken cancellationToken)
    {
        SnapshotClient snapshots = _snapshots.Under(lease);
        string view = $"checkpoint-{lease.Services.LeaseId}";
        string parent = await snapshots.ParentAsync(container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
        try
        {
            IReadOnlyList<Mount> lower = await snapshots.ViewAsync(container.Snapshotter, view, parent, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<Mount> upper = await snapshots.MountsAsync(
                container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
            return await new DiffClient(lease.Services).DiffAsync(
                lower, upper, MediaTypes.OciLayerGzip, view, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // What cannot be removed goes with the lease.
            await _services.CleanUpAsync(
                limit => snapshots.RemoveAsync(container.Snapshotter, view, limit), Resource.Snapshot(view), cancellationToken).ConfigureAwait(false);
        }
    }

    private static Task<CtrDescriptor> WriteAnyAsync(Lease lease, string mediaType, Any value, CancellationToken cancellationToken) =>
        WriteAsync(lease, mediaType, value.ToByteArray(), s_noLabels, cancellationToken);

    private static Task<CtrDescriptor> WriteIndexAsync(Lease lease, ImageIndex index, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>();
        for (int i = 0; i < index.Manifests.Count; i++)
        {
            labels.Add(ContentClient.ReferenceLabel + i.ToString(CultureInfo.InvariantCulture), index.Manifests[i].Digest);
        }

        return WriteAsync(lease, MediaTypes.OciIndex, index.ToUtf8Json(), labels, cancellationToken);
    }

    private static async Task<CtrDescriptor> WriteAsync(
        Lease lease, string mediaType, byte[] content, Dictionary<string, string> labels, CancellationToken cancellationToken)
    {
        string digest = $"sha256:{Convert.ToHexString(SHA256.HashData(content)).ToLowerInvariant()}";
        await new ContentClient(lease.Services).WriteAsync(
            IngestName.For("checkpoint", lease.Services.LeaseId!, digest),
            digest,
            content.Length,
            new MemoryStream(content),
            labels,
            progress: null,
            cancellationToken).ConfigureAwait(false);
        return new CtrDescriptor { MediaType = mediaType, Digest = digest, Size = content.Length };
    }

    private async Task<Image> NameAsync(Lease lease, string name, CtrDescriptor target, CancellationToken cancellationToken)
    {
        CreateImageResponse response = await lease.Services.CallToEndAsync(
            ImageMethods.Create,
            new CreateImageRequest
            {
                Image = new Image { Name = name, Target = Descriptors.ToMessage(target), Labels = { [ImageLabel] = "true" } },
            },
            Resource.Image(name),
            cancellationToken,
            limit => RemoveNameAsync(name, target, limit)).ConfigureAwait(false);
        return response.Image;
    }

    private async Task RemoveNameAsync(string name, CtrDescriptor target, CancellationToken cancellationToken)
    {
        if ((await _images.FindAsync(name, cancellationToken).ConfigureAwait(false)).Target.Digest == target.Digest)
        {
            await _images.DeleteAsync(name, wait: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private CtrCheckpoint Describe(Image image, CheckpointImage checkpoint) => new()
    {
        Kind = CtrCheckpointKind.Image,
        Location = image.Name,
        ContainerId = checkpoint.ContainerId,
        Image = checkpoint.BaseImageName,
        Size = checkpoint.Size,
        CreatedAt = image.CreatedAt.ToDateTimeOffset(),
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
