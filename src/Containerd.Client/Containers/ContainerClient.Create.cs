using System.Security.Cryptography;
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
        Container container = Describe(options);
        if (options.Spec is null)
        {
            Check(options.SpecOptions);
        }

        await RefuseTakenAsync(id, cancellationToken).ConfigureAwait(false);
        ResolvedImage? image = await ResolveAsync(options.Image, cancellationToken).ConfigureAwait(false);
        if (image is not null)
        {
            container.Image = image.Name;
            ContainerLabels.AddImage(container.Labels, image.Config);
        }

        CtrSpec spec = options.Spec is null
            ? await GenerateAsync(options.SpecOptions, image, cancellationToken).ConfigureAwait(false)
            : WithControlGroup(options.Spec, id);
        container.Spec = SpecMessage(spec);
        if (options.SnapshotKey is { } key)
        {
            await UseSnapshotAsync(container, options.Snapshotter, key, cancellationToken).ConfigureAwait(false);
        }
        else if (image is not null && options.SpecOptions.RootFsPath is null)
        {
            return await CreateWithSnapshotAsync(container, options.Snapshotter, image, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            RequireRoot(spec);
        }

        return await WriteAsync(container, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Generates a spec as <see cref="CreateAsync"/> does, without making anything.</summary>
    /// <param name="options">What a container is to be.</param>
    /// <param name="image">The image's name; null without an image.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such an image; InvalidArgument for options that are refused.</exception>
    public async Task<CtrSpec> GenerateSpecAsync(
        ContainerSpecOptions options, string? image = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        ResolvedImage? resolved = await ResolveAsync(image, cancellationToken).ConfigureAwait(false);
        return await GenerateAsync(options, resolved, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ResolvedImage?> ResolveAsync(string? image, CancellationToken cancellationToken) =>
        image is null ? null : await _images.ResolveAsync(image, platform: null, cancellationToken).ConfigureAwait(false);

    /// <summary>The record of a container, but for its image, spec and snapshot.</summary>
    private Container Describe(ContainerCreateOptions options)
    {
        string id = options.SpecOptions.Id;
        try
        {
            return new Container
            {
                Id = id,
                Runtime = new Container.Types.Runtime
                {
                    Name = options.Runtime,
                    Options = NamedRuntimeOptions.Pack(options.Runtime, options.RuntimeOptions),
                },
                Labels = { ContainerLabels.Of(options, Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, id)) },
            };
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidContainerOption", e.Message, id);
        }
    }

    private static void Check(ContainerSpecOptions options)
    {
        try
        {
            SpecOptionRules.Check(options);
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidSpecOption", e.Message, options.Id);
        }
    }

    private async Task<CtrSpec> GenerateAsync(ContainerSpecOptions options, ResolvedImage? image, CancellationToken cancellationToken)
    {
        AccountFiles accounts = image is not null
            ? await _images.ReadAccountFilesAsync(image, cancellationToken).ConfigureAwait(false)
            : options.RootFsPath is { } path ? AccountFiles.Read(path) : AccountFiles.None;
        try
        {
            return SpecGenerator.Generate(options with { Namespace = _services.Namespace, Image = image?.Config ?? options.Image }, accounts);
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidSpecOption", e.Message, options.Id);
        }
    }

    /// <summary>Has the container use a snapshot that is there, and is writable.</summary>
    private async Task UseSnapshotAsync(Container container, string? snapshotter, string key, CancellationToken cancellationToken)
    {
        container.SnapshotKey = key;
        container.Snapshotter = snapshotter ?? await _snapshots.DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false);
        await _snapshots.MountsAsync(container.Snapshotter, key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes the snapshot and then the container that refers to it. The lease keeps the snapshot in between, and takes it
    /// along when something fails.
    /// </summary>
    private async Task<CtrContainer> CreateWithSnapshotAsync(
        Container container, string? snapshotter, ResolvedImage image, CancellationToken cancellationToken)
    {
        container.SnapshotKey = container.Id;
        container.Snapshotter = snapshotter ?? await _snapshots.DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false);
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            await PrepareAsync(container, image, lease, cancellationToken).ConfigureAwait(false);
            CtrContainer created = await WriteAsync(container, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            return created;
        }
    }

    /// <summary>Makes the snapshot; unpacks the image first where it is not unpacked.</summary>
    private async Task PrepareAsync(Container container, ResolvedImage image, Lease lease, CancellationToken cancellationToken)
    {
        SnapshotClient snapshots = _snapshots.Under(lease);
        try
        {
            await snapshots.PrepareAsync(
                container.Snapshotter, container.SnapshotKey, image.ChainId, s_noLabels, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound && image.ChainId.Length > 0)
        {
            await new ImageUnpacker(lease, _snapshots, container.Snapshotter, progress: null)
                .UnpackAsync(image, cancellationToken).ConfigureAwait(false);
            await snapshots.PrepareAsync(
                container.Snapshotter, container.SnapshotKey, image.ChainId, s_noLabels, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.AlreadyExists)
        {
            // Another create of that id may have been quicker.
            await RefuseTakenAsync(container.Id, cancellationToken).ConfigureAwait(false);
            if (!await _snapshots.IsTemporaryAsync(container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }

            // One that a killed daemon broke off keeps its snapshot until its lease goes; or another one is under way.
            container.SnapshotKey = $"{container.Id}-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}";
            await snapshots.PrepareAsync(
                container.Snapshotter, container.SnapshotKey, image.ChainId, s_noLabels, cancellationToken).ConfigureAwait(false);
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
            throw new CtrException(
                CtrErrorKind.InvalidArgument,
                "RootFsMissing",
                "A container needs a root file system: an image, an existing snapshot, or an absolute path on the daemon's host.",
                recommendedAction: "Give -Image, -SnapshotKey or -RootFsPath.");
        }
    }

    /// <summary>Tells early, before anything is unpacked or made, that an id is taken. Containers.Create decides.</summary>
    private async Task RefuseTakenAsync(string id, CancellationToken cancellationToken)
    {
        await _services.SettledAsync(Resource.Container(id), cancellationToken).ConfigureAwait(false);
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
        var patient = new ContainerClient(_services.ForCleanUp, _snapshots, _images, _stateDirectory);
        CreateContainerResponse response = await _services.CallToEndAsync(
            ContainerMethods.Create,
            new CreateContainerRequest { Container = container },
            Resource.Container(container.Id),
            cancellationToken,
            limit => patient.RemoveSameAsync(container, limit)).ConfigureAwait(false);
        try
        {
            Bundle.Create(BundleOf(container));
            cancellationToken.ThrowIfCancellationRequested();
            return ToRecord(response.Container);
        }
        catch
        {
            await _services.CleanUpAsync(
                limit => patient.RemoveSameAsync(response.Container, limit),
                Resource.Container(container.Id),
                cancellationToken).ConfigureAwait(false);
            Bundle.Remove(BundleOf(container), container.Id, _stateDirectory);
            throw;
        }
    }

    /// <summary>Removes a container unless it is another one of that id.</summary>
    private async Task RemoveSameAsync(Container wanted, CancellationToken cancellationToken)
    {
        if (await FindMessageAsync(wanted.Id, cancellationToken).ConfigureAwait(false) is not { } found)
        {
            return;
        }

        // The times are the daemon's, and known only where it has answered.
        if (wanted.CreatedAt is null)
        {
            found.CreatedAt = null;
            found.UpdatedAt = null;
        }

        if (found.Equals(wanted))
        {
            await DeleteRecordAsync(wanted.Id, cancellationToken).ConfigureAwait(false);
        }
    }
}
