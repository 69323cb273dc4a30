using System.Runtime.CompilerServices;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Users;
using Containerd.Protocol.Containers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Containers: containerd.services.containers.v1.Containers.</summary>
/// <remarks>Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.</remarks>
public sealed partial class ContainerClient
{
    private const string SpecTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec";

    private static readonly Dictionary<string, string> s_noLabels = [];

    private readonly ServiceChannel _services;
    private readonly SnapshotClient _snapshots;
    private readonly ImageClient _images;
    private readonly LeaseClient _leases;
    private readonly string _stateDirectory;

    internal ContainerClient(ServiceChannel services, SnapshotClient snapshots, ImageClient images, string stateDirectory)
    {
        _services = services;
        _snapshots = snapshots;
        _images = images;
        _leases = new LeaseClient(services);
        _stateDirectory = stateDirectory;
        Tasks = new TaskClient(services, this, _snapshots, stateDirectory);
    }

    /// <summary>The tasks of these containers.</summary>
    internal TaskClient Tasks { get; }

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
            ContainerMethods.ListStream, request, Resource.Daemon, cancellationToken, _services.Timeout).ConfigureAwait(false))
        {
            yield return ToRecord(message.Container);
        }
    }

    /// <summary>The spec from which a container's tasks are made.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such a container; FailedPrecondition where its spec is not of the OCI.</exception>
    public async Task<CtrSpec> GetSpecAsync(string id, CancellationToken cancellationToken = default) =>
        SpecOf(await GetMessageAsync(id, cancellationToken).ConfigureAwait(false));

    /// <summary>The spec of a container.</summary>
    internal static CtrSpec SpecOf(Container container)
    {
        try
        {
            return CtrSpec.Parse((container.Spec?.Value ?? ByteString.Empty).Span);
        }
        catch (FormatException e)
        {
            throw new CtrException(
                CtrErrorKind.FailedPrecondition, "SpecInvalid", $"The spec of container '{container.Id}' cannot be read: {e.Message}", container.Id, null, e);
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

    private static Any SpecMessage(CtrSpec spec) => new() { TypeUrl = SpecTypeUrl, Value = ByteString.CopyFrom(spec.ToUtf8Json()) };

    private async Task<Container?> FindMessageAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return null;
        }
    }

    private string BundleOf(Container container) =>
        Bundle.Of(container, _stateDirectory, _services.Address, _services.Namespace);

    private CtrContainer ToRecord(Container container) => new()
    {
        Id = container.Id,
        Image = container.Image,
        Runtime = container.Runtime?.Name ?? "",
        Snapshotter = container.Snapshotter,
        SnapshotKey = container.SnapshotKey,
        Labels = new Dictionary<string, string>(container.Labels),
        Extensions = container.Extensions.ToDictionary(
            extension => extension.Key,
            extension => new CtrExtension { TypeUrl = extension.Value.TypeUrl, Value = extension.Value.Value.ToByteArray() }),
        CreatedAt = container.CreatedAt.ToDateTimeOffset(),
        UpdatedAt = container.UpdatedAt.ToDateTimeOffset(),
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
