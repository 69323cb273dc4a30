using Containerd.Client.Oci;
using Containerd.Protocol.Containers;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

public sealed partial class ContainerClient
{
    /// <summary>Changes parts of a container (Containers.Update); what is not named stays, whoever else changes it meanwhile.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="update">What to change. A running task keeps the spec with which it was made.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The container as it is afterwards.</returns>
    /// <exception cref="CtrException">NotFound without such a container; InvalidArgument for a label that is not allowed.</exception>
    public async Task<CtrContainer> UpdateAsync(string id, ContainerUpdateOptions update, CancellationToken cancellationToken = default)
    {
        Identifier.Validate(id, "container id");
        ArgumentNullException.ThrowIfNull(update);
        UpdateContainerRequest request = UpdateRequest(id, update);
        if (request.UpdateMask.Paths.Count == 0)
        {
            // The daemon takes an empty mask for everything.
            return await GetAsync(id, cancellationToken).ConfigureAwait(false);
        }

        UpdateContainerResponse response = await _services.CallAsync(
            ContainerMethods.Update, request, Resource.Container(id), cancellationToken).ConfigureAwait(false);
        return ToRecord(response.Container);
    }

    /// <summary>
    /// Removes a container (Containers.Delete), its snapshot (Snapshots.Remove) and its directory, which stays with
    /// <c>LIBCONTAINERD_NOCLEAN=1</c>.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="force">Whether its task is ended and removed first.</param>
    /// <param name="keepSnapshot">Whether the snapshot stays. It gets the label <c>containerd.io/gc.root</c>, for nothing else keeps it.</param>
    /// <param name="cancellationToken">Ends the call; a removal that has begun is completed.</param>
    /// <exception cref="CtrException">NotFound without such a container; FailedPrecondition where its task lives and no <paramref name="force"/>.</exception>
    public async Task DeleteAsync(string id, bool force = false, bool keepSnapshot = false, CancellationToken cancellationToken = default)
    {
        Container container = await GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        if (force)
        {
            await Tasks.ForceDeleteAsync(id, null, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await RemoveEndedTaskAsync(id, cancellationToken).ConfigureAwait(false);
        }

        bool hasSnapshot = container.SnapshotKey.Length > 0;
        if (hasSnapshot && keepSnapshot)
        {
            await _snapshots.KeepAsync(container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await _services.CompleteAsync(
            limit => DeleteAsync(container, hasSnapshot && !keepSnapshot, limit),
            Resource.Container(id),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes a task that has ended and whose container is gone: the daemon finds a task by its container alone.</summary>
    internal async Task RemoveOrphanedTaskAsync(string id, CancellationToken cancellationToken)
    {
        var standIn = new Container
        {
            Id = id,
            Runtime = new Container.Types.Runtime { Name = ContainerCreateOptions.DefaultRuntime },
            Spec = SpecMessage(new CtrSpec()),
        };
        await _services.CompleteAsync(
            async limit =>
            {
                await _services.CallToEndAsync(
                    ContainerMethods.Create,
                    new CreateContainerRequest { Container = standIn },
                    Resource.Container(id),
                    limit,
                    late => DeleteRecordAsync(id, late)).ConfigureAwait(false);
                try
                {
                    await Tasks.DeleteAsync(id, null, limit).ConfigureAwait(false);
                }
                finally
                {
                    await DeleteRecordAsync(id, limit).ConfigureAwait(false);
                }
            },
            Resource.Container(id),
            cancellationToken).ConfigureAwait(false);
    }

    private async Task DeleteAsync(Container container, bool withSnapshot, CancellationToken cancellationToken)
    {
        Bundle.Touch(BundleOf(container));
        await DeleteRecordAsync(container.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            if (withSnapshot)
            {
                await _snapshots.RemoveAsync(container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Bundle.Remove(BundleOf(container), container.Id, _stateDirectory);
        }
    }

    private static UpdateContainerRequest UpdateRequest(string id, ContainerUpdateOptions update)
    {
        var container = new Container { Id = id };
        var mask = new FieldMask();
        foreach ((string key, string value) in update.Labels)
        {
            try
            {
                ContainerLabel.Validate(key, value);
            }
            catch (FormatException e)
            {
                throw CtrException.InvalidArgument("InvalidLabel", e.Message, key);
            }

            container.Labels.Add(key, value);
            mask.Paths.Add($"labels.{key}");
        }

        // The daemon drops a label whose value is empty.
        mask.Paths.AddRange(update.RemovedLabels.Where(key => key.Length > 0 && !update.Labels.ContainsKey(key)).Select(key => $"labels.{key}"));
        foreach ((string name, CtrExtension extension) in update.Extensions)
        {
            container.Extensions.Add(name, new Any { TypeUrl = extension.TypeUrl, Value = ByteString.CopyFrom(extension.Value) });
            mask.Paths.Add($"extensions.{name}");
        }

        if (update.Spec is not null)
        {
            container.Spec = SpecMessage(update.Spec);
            mask.Paths.Add("spec");
        }

        return new UpdateContainerRequest { Container = container, UpdateMask = mask };
    }

    /// <summary>A task that has ended goes with its container; one that has not keeps it.</summary>
    private async Task RemoveEndedTaskAsync(string id, CancellationToken cancellationToken)
    {
        CtrTask task;
        try
        {
            task = await Tasks.GetAsync(id, cancellationToken).ConfigureAwait(false);
            if (task.Status == CtrTaskStatus.Stopped)
            {
                await Tasks.DeleteAsync(id, null, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return;
        }

        throw new CtrException(
            CtrErrorKind.FailedPrecondition,
            "ContainerStateInvalid",
            $"Container '{id}' has a task, which is {task.Status.ToString().ToLowerInvariant()}.",
            id,
            "Remove-CtrContainer -Force ends and removes the task first; Stop-CtrTask and Remove-CtrTask do so alone.");
    }

    internal async Task DeleteRecordAsync(string id, CancellationToken cancellationToken) =>
        await _services.CallAsync(
            ContainerMethods.Delete, new DeleteContainerRequest { Id = id }, Resource.Container(id), cancellationToken).ConfigureAwait(false);
}
