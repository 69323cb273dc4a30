using Containerd.Client.Oci;
using Containerd.Client.Oci.Users;
using Containerd.Protocol.Containers;

namespace Containerd.Client;

public sealed partial class ContainerClient
{
    /// <summary>Makes a container (Containers.Create), and the snapshot that is its root file system (Snapshots.Prepare).</summary>
    /// <param name="options">What to make.</param>
    /// <param name="cancellationToken">Ends the call. A create that fails or is cancelled leaves nothing.</param>
    /// <exception cref="CtrException">
    /// AlreadyExists where the id is taken; NotFound without such an image or snapshot; InvalidArgument for options that are
    /// refused before any call.
    /// </exception>
    public async Task<CtrContainer> CreateAsync(ContainerCreateOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        string id = options.SpecOptions.Id;
        Identifier.Validate(id, "container id");
        Container container = Describe(options, null);
        await RefuseTakenAsync(id, cancellationToken).ConfigureAwait(false);
        CtrSpec spec = options.Spec is null
            ? Generate(options.SpecOptions, AccountFiles.None)
            : WithControlGroup(options.Spec, id);
        container.Spec = SpecMessage(spec);
        RequireRoot(spec);
        return await WriteAsync(container, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Generates a spec as <see cref="CreateAsync"/> does, without making anything.</summary>
    /// <param name="options">What a container is to be.</param>
    /// <param name="image">The image's name; null without an image.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such an image; InvalidArgument for options that are refused.</exception>
    public Task<CtrSpec> GenerateSpecAsync(ContainerSpecOptions options, string? image = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Task.FromResult(Generate(options, AccountFiles.None));
    }

    /// <summary>The record of a container, but for its spec and snapshot.</summary>
    private Container Describe(ContainerCreateOptions options, ContainerImageConfig? image)
    {
        string id = options.SpecOptions.Id;
        try
        {
            return new Container
            {
                Id = id,
                Image = options.Image ?? "",
                Runtime = new Container.Types.Runtime
                {
                    Name = options.Runtime,
                    Options = RuntimeOptions.ForContainer(options.Runtime, options.RuntimeOptions),
                },
                Labels = { ContainerLabels.Make(options, image, Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, id)) },
            };
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidContainerOption", e.Message, id);
        }
    }

    private CtrSpec Generate(ContainerSpecOptions options, AccountFiles accounts)
    {
        try
        {
            return SpecGenerator.Generate(options with { Namespace = _services.Namespace }, accounts);
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidSpecOption", e.Message, options.Id);
        }
    }

    // Without one the runtime would take the container's id alone, which two namespaces may share.
    private CtrSpec WithControlGroup(CtrSpec spec, string id)
    {
        if (spec.Linux is not { CgroupsPath: null or "" })
        {
            return spec;
        }

        CtrSpec copy = CtrSpec.Parse(spec.ToUtf8Json());
        copy.Linux!.CgroupsPath = $"/{_services.Namespace}/{id}";
        return copy;
    }

    private static void RequireRoot(CtrSpec spec)
    {
        if (spec.Root?.Path.StartsWith('/') != true)
        {
            throw CtrException.InvalidArgument(
                "RootFsMissing",
                $"A container needs a root file system: an image, an existing snapshot, or an absolute path on the daemon's host, not '{spec.Root?.Path}'.");
        }
    }

    /// <summary>Tells early, before anything is unpacked or made, that an id is taken. Containers.Create decides.</summary>
    private async Task RefuseTakenAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindMessageAsync(id, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new CtrException(
                CtrErrorKind.AlreadyExists,
                "ContainerAlreadyExists",
                $"Container '{id}' exists already in namespace '{_services.Namespace}'.",
                id,
                "Choose another -Id, or remove the old one with Remove-CtrContainer.");
        }
    }

    /// <summary>Stores the container and makes its directory: both, or neither.</summary>
    private async Task<CtrContainer> WriteAsync(Container container, CancellationToken cancellationToken)
    {
        CreateContainerResponse response;
        try
        {
            response = await _services.CallToEndAsync(
                ContainerMethods.Create,
                new CreateContainerRequest { Container = container },
                Resource.Container(container.Id),
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await TakeBackAsync(container).ConfigureAwait(false);
            throw;
        }

        try
        {
            Bundle.Create(BundleOf(container));
            cancellationToken.ThrowIfCancellationRequested();
            return ToRecord(response.Container);
        }
        catch
        {
            await TakeBackAsync(container).ConfigureAwait(false);
            Bundle.Remove(BundleOf(container), container.Id);
            throw;
        }
    }

    /// <summary>
    /// Removes a container that may have been made, within the clean-up's own time. One of that id which is another is left
    /// alone. What failed first is what is reported.
    /// </summary>
    private async Task TakeBackAsync(Container wanted)
    {
        using var limit = new CancellationTokenSource(s_cleanUpTimeout);
        try
        {
            if (await FindMessageAsync(wanted.Id, limit.Token).ConfigureAwait(false) is { } found)
            {
                found.CreatedAt = null;
                found.UpdatedAt = null;
                if (found.Equals(wanted))
                {
                    await DeleteRecordAsync(wanted.Id, limit.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // The daemon went away: nothing more can be done from here.
        }
    }
}
