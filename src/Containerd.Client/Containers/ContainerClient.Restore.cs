using Containerd.Protocol.Containers;
using Containerd.Protocol.Types;

namespace Containerd.Client;

public sealed partial class ContainerClient
{
    /// <summary>Makes a container as a checkpoint describes it, with a new snapshot of its image and what it had written over that.</summary>
    /// <param name="container">The container's id, spec, runtime and snapshotter.</param>
    /// <param name="original">The id of the container that the checkpoint is of; null where that is not known.</param>
    /// <param name="image">Its image; null where its root file system is a directory.</param>
    /// <param name="layer">What it had written; null for nothing.</param>
    /// <param name="cancellationToken">Ends the call. A restore that fails or is cancelled leaves nothing.</param>
    /// <exception cref="CtrException">AlreadyExists where the id is taken.</exception>
    internal async Task<CtrContainer> RestoreAsync(
        Container container, string? original, ResolvedImage? image, CtrDescriptor? layer, CancellationToken cancellationToken)
    {
        await RefuseTakenAsync(container.Id, cancellationToken).ConfigureAwait(false);
        CtrSpec spec = SpecOf(container);
        if (spec.Linux is { } linux)
        {
            IReadOnlyList<CtrNamespace> namespaces = await new NamespaceClient(_services).ListAsync(cancellationToken).ConfigureAwait(false);
            string[] others = namespaces.Select(other => other.Name).Where(name => name != _services.Namespace).ToArray();
            bool replaces = container.Id == original && !await IsInAnyAsync(others, original, cancellationToken).ConfigureAwait(false);
            linux.CgroupsPath = ControlGroupOf(linux.CgroupsPath ?? "", container.Id, replaces, _services.Namespace, others);
        }

        container.Spec = SpecMessage(spec);
        container.Labels[Bundle.Label] = Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, container.Id);
        if (image is null)
        {
            RequireRoot(spec);
            return await WriteAsync(container, cancellationToken).ConfigureAwait(false);
        }

        container.Image = image.Name;
        ContainerLabels.AddImage(container.Labels, image.Config);
        container.SnapshotKey = container.Id;
        Lease lease = await _leases.AcquireAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            await PrepareAsync(container, image, lease, cancellationToken).ConfigureAwait(false);
            if (layer is not null)
            {
                IReadOnlyList<Mount> mounts = await _snapshots.Under(lease).MountsAsync(
                    container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
                await new DiffClient(lease.Services).ApplyAsync(layer, mounts, cancellationToken).ConfigureAwait(false);
            }

            CtrContainer created = await WriteAsync(container, cancellationToken).ConfigureAwait(false);
            lease.Complete();
            return created;
        }
    }

    /// <summary>
    /// Where a container's control group is to be: that of the original for the one that takes its place, and else one of its
    /// own, in the same directory, whose limits hold for it, unless that is another namespace's.
    /// </summary>
    internal static string ControlGroupOf(string path, string id, bool replaces, string @namespace, IEnumerable<string> others)
    {
        // That of systemd is slice:prefix:name.
        if (path.Split(':') is [string slice, string prefix, _])
        {
            return replaces ? path : $"{slice}:{prefix}:{@namespace}-{id}";
        }

        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is [] || (parts is [string parent, _] && others.Contains(parent)))
        {
            return $"/{@namespace}/{id}";
        }

        // Two namespaces may have containers of the same id.
        string directory = path[..(path.TrimEnd('/').LastIndexOf('/') + 1)];
        return replaces ? path
            : parts.Length > 1 && parts[^2] == @namespace ? directory + id
            : $"{directory}{@namespace}/{id}";
    }

    /// <summary>Whether one of the namespaces has a container of that id.</summary>
    private async Task<bool> IsInAnyAsync(string[] namespaces, string id, CancellationToken cancellationToken)
    {
        foreach (string other in namespaces)
        {
            try
            {
                await (_services with { Namespace = other }).CallAsync(
                    ContainerMethods.Get, new GetContainerRequest { Id = id }, Resource.Container(id), cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
            {
                // The next one may have it.
            }
        }

        return false;
    }
}
