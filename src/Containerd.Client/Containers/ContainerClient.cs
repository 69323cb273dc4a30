using System.Runtime.CompilerServices;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Users;
using Containerd.Protocol.Containers;

namespace Containerd.Client;

/// <summary>Containers: containerd.services.containers.v1.Containers.</summary>
/// <remarks>Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.</remarks>
public sealed partial class ContainerClient
{
    private readonly ServiceChannel _services;
    private readonly ImageClient _images;

    internal ContainerClient(ServiceChannel services, ImageClient images)
    {
        _services = services;
        _images = images;
    }

    /// <summary>A container by its id (Containers.Get).</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound where there is none.</exception>
    public async Task<CtrContainer> GetAsync(string id, CancellationToken cancellationToken = default) =>
        ToRecord(await GetMessageAsync(id, cancellationToken).ConfigureAwait(false));

    /// <summary>The containers of the namespace, one by one as they arrive (Containers.ListStream).</summary>
    /// <param name="filters">
    /// Filters in containerd's language, such as <c>labels."app"==web</c> or <c>id~=^web</c>; several mean any of them.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async IAsyncEnumerable<CtrContainer> ListAsync(
        IEnumerable<string>? filters = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new ListContainersRequest { Filters = { filters ?? [] } };
        await foreach (ListContainerMessage message in _services.StreamAsync(
            ContainerMethods.ListStream, request, Resource.Daemon, cancellationToken).ConfigureAwait(false))
        {
            yield return ToRecord(message.Container);
        }
    }

    /// <summary>The whole of a container, its spec and runtime options with it.</summary>
    internal async Task<Container> GetMessageAsync(string id, CancellationToken cancellationToken)
    {
        Identifier.Validate(id, "container id");
        GetContainerResponse response = await _services.CallAsync(
            ContainerMethods.Get, new GetContainerRequest { Id = id }, Resource.Container(id), cancellationToken).ConfigureAwait(false);
        return response.Container;
    }

    /// <summary>Finds the ids of a user for a process in a container; they are looked up in the container's image.</summary>
    /// <exception cref="CtrException">NotFound where a name is given and the image is not there any more.</exception>
    /// <exception cref="FormatException">There is no such user or group, or a number is too large.</exception>
    internal async Task<CtrSpecUser> ResolveUserAsync(Container container, string user, CancellationToken cancellationToken)
    {
        AccountFiles accounts = AccountFiles.None;
        if (container.Image.Length > 0)
        {
            try
            {
                ResolvedImage image = await _images.ResolveAsync(container.Image, platform: null, cancellationToken).ConfigureAwait(false);
                accounts = await _images.ReadAccountFilesAsync(image, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound or CtrErrorKind.FailedPrecondition && IsNumeric(user))
            {
                // Numbers need no look-up; only the groups that the image gives the user are missed.
            }
        }

        return UserResolver.Resolve(user, accounts);
    }

    private static bool IsNumeric(string user) => user.All(c => char.IsAsciiDigit(c) || c == ':');

    private CtrContainer ToRecord(Container container) => new()
    {
        Id = container.Id,
        Image = container.Image,
        Runtime = container.Runtime?.Name ?? "",
        Snapshotter = container.Snapshotter,
        SnapshotKey = container.SnapshotKey,
        Labels = new Dictionary<string, string>(container.Labels),
        Extensions = [.. container.Extensions.Keys],
        CreatedAt = container.CreatedAt.ToDateTimeOffset(),
        UpdatedAt = container.UpdatedAt.ToDateTimeOffset(),
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
