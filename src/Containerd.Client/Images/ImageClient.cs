using System.Runtime.CompilerServices;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Images;
using Containerd.Protocol.Images;

namespace Containerd.Client;

/// <summary>Images: containerd.services.images.v1.Images, with the content and the snapshots that belong to them.</summary>
/// <remarks>
/// Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.
/// A name is taken as it stands, else completed as Docker does: <c>busybox</c> finds <c>docker.io/library/busybox:latest</c>.
/// </remarks>
public sealed partial class ImageClient
{
    private readonly ServiceChannel _services;
    private readonly SnapshotClient _snapshots;
    private readonly ContentClient _content;
    private readonly LeaseClient _leases;
    private readonly ImageManifests _manifests;

    internal ImageClient(ServiceChannel services, SnapshotClient snapshots)
    {
        _services = services;
        _snapshots = snapshots;
        _content = new ContentClient(services);
        _leases = new LeaseClient(services);
        _manifests = new ImageManifests(_content);
    }

    /// <summary>An image by its name (Images.Get).</summary>
    /// <param name="name">The full name, or a short one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound where there is none.</exception>
    public async Task<CtrImage> GetAsync(string name, CancellationToken cancellationToken = default) =>
        await DescribeAsync(await FindAsync(name, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>The images of the namespace (Images.List), each with what its content tells.</summary>
    /// <param name="filters">
    /// Filters in containerd's language, such as <c>name~=busybox</c> or <c>labels."app"==web</c>; several mean any of them.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async IAsyncEnumerable<CtrImage> ListAsync(
        IEnumerable<string>? filters = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ListImagesResponse response = await _services.CallAsync(
            ImageMethods.List, new ListImagesRequest { Filters = { filters ?? [] } }, Resource.Daemon, cancellationToken).ConfigureAwait(false);
        foreach (Image image in response.Images)
        {
            yield return await DescribeAsync(image, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes a name (Images.Delete); the collector removes what no other name refers to.</summary>
    /// <param name="name">The name, in full.</param>
    /// <param name="wait">Whether to wait for the collector.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound where there is none.</exception>
    public Task DeleteAsync(string name, bool wait = false, CancellationToken cancellationToken = default) =>
        _services.CallAsync(
            ImageMethods.Delete, new DeleteImageRequest { Name = name, Sync = wait }, Resource.Image(name), cancellationToken);

    /// <summary>The image for one platform, its configuration read.</summary>
    /// <param name="name">The full name, or a short one.</param>
    /// <param name="platform">The platform; null for this machine's.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such an image or platform; FailedPrecondition where its documents are damaged.</exception>
    internal async Task<ResolvedImage> ResolveAsync(string name, CtrPlatform? platform, CancellationToken cancellationToken)
    {
        Image image = await FindAsync(name, cancellationToken).ConfigureAwait(false);
        try
        {
            return await _manifests.ResolveAsync(
                image.Name, Descriptors.ToRecord(image.Target), platform ?? CtrPlatform.Current, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(name, e);
        }
    }

    /// <summary>Gives a target a name (Images.Create), or a name another target (Images.Update).</summary>
    internal async Task<CtrImage> PutAsync(string name, CtrDescriptor target, CancellationToken cancellationToken)
    {
        var image = new Image { Name = name, Target = Descriptors.ToMessage(target) };
        try
        {
            CreateImageResponse created = await _services.CallAsync(
                ImageMethods.Create, new CreateImageRequest { Image = image }, Resource.Image(name), cancellationToken).ConfigureAwait(false);
            image = created.Image;
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.AlreadyExists)
        {
            UpdateImageResponse updated = await _services.CallAsync(
                ImageMethods.Update,
                new UpdateImageRequest { Image = image, UpdateMask = new() { Paths = { "target" } } },
                Resource.Image(name),
                cancellationToken).ConfigureAwait(false);
            image = updated.Image;
        }

        return await DescribeAsync(image, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The message of an image.</summary>
    /// <exception cref="CtrException">NotFound where there is none.</exception>
    internal async Task<Image> FindAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        try
        {
            return await GetMessageAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound && FullName(name) is { } full && full != name)
        {
            return await GetMessageAsync(full, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Image> GetMessageAsync(string name, CancellationToken cancellationToken)
    {
        GetImageResponse response = await _services.CallAsync(
            ImageMethods.Get, new GetImageRequest { Name = name }, Resource.Image(name), cancellationToken).ConfigureAwait(false);
        return response.Image;
    }

    private static string? FullName(string name)
    {
        try
        {
            return ImageReference.Parse(name).ToString();
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private async Task<CtrImage> DescribeAsync(Image image, CancellationToken cancellationToken)
    {
        CtrDescriptor target = Descriptors.ToRecord(image.Target);
        var record = new CtrImage
        {
            Name = image.Name,
            Target = target,
            Labels = new Dictionary<string, string>(image.Labels),
            CreatedAt = image.CreatedAt.ToDateTimeOffset(),
            UpdatedAt = image.UpdatedAt.ToDateTimeOffset(),
            Address = _services.Address.ToString(),
            Namespace = _services.Namespace,
        };
        try
        {
            IReadOnlyList<CtrPlatform> platforms = await _manifests.PlatformsAsync(target, cancellationToken).ConfigureAwait(false);
            return record with
            {
                Platforms = platforms,
                Size = image.Labels.ContainsKey(CheckpointClient.ImageLabel)
                    ? new CheckpointImage(await _manifests.ReadIndexAsync(target, cancellationToken).ConfigureAwait(false)).Size
                    : await _manifests.SizeAsync(target, cancellationToken).ConfigureAwait(false),
            };
        }
        catch (Exception e) when (ImageManifests.CannotBeRead(e))
        {
            // The content is not here, or is no image's; the name is shown all the same.
            return record;
        }
    }

    private static CtrException Damaged(string name, Exception error) =>
        new(CtrErrorKind.FailedPrecondition, "ImageDamaged", $"The image '{name}' cannot be used: {error.Message}", name, null, error);
}
