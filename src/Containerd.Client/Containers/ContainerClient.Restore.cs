using Containerd.Protocol.Containers;
using Containerd.Protocol.Types;

namespace Containerd.Client;

public sealed partial class ContainerClient
{
    /// <summary>Makes a container as a checkpoint describes it, with a new snapshot of its image and what it had written over that.</summary>
    /// <param name="container">The container's id, spec, runtime and snapshotter.</param>
    /// <param name="image">Its image; null where its root file system is a directory.</param>
    /// <param name="layer">What it had written; null for nothing.</param>
    /// <param name="cancellationToken">Ends the call. A restore that fails or is cancelled leaves nothing.</param>
    /// <exception cref="CtrException">AlreadyExists where the id is taken.</exception>
    internal async Task<CtrContainer> RestoreAsync(
        Container container, ResolvedImage? image, CtrDescriptor? layer, CancellationToken cancellationToken)
    {
        await RefuseTakenAsync(container.Id, cancellationToken).ConfigureAwait(false);
        CtrSpec spec = WithControlGroupOf(SpecOf(container), container.Id);
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

    /// <summary>A container of another id, or in another namespace, has a control group of its own.</summary>
    private CtrSpec WithControlGroupOf(CtrSpec spec, string id)
    {
        if (spec.Linux is null)
        {
            return spec;
        }

        // That of systemd is slice:prefix:name.
        string[] parts = (spec.Linux.CgroupsPath ?? "").Split(':');
        spec.Linux.CgroupsPath = parts.Length == 3 ? $"{parts[0]}:{parts[1]}:{id}" : $"/{_services.Namespace}/{id}";
        return spec;
    }
}
