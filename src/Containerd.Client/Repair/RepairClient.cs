using System.Runtime.CompilerServices;
using LeaseMessage = Containerd.Protocol.Leases.Lease;

namespace Containerd.Client;

/// <summary>Finds and removes what clients left behind that crashed, or whose daemon did.</summary>
/// <remarks>
/// Nothing that may be in use is touched. Leases and what they hold count only where they carry the label of a process of this
/// client, and that process has ended on this machine; FIFOs where no process has them open; directories and tasks where
/// there is no container of that id, and nobody has just begun to remove them. What other clients made, running tasks,
/// containers, images and committed snapshots stay.
/// </remarks>
public sealed class RepairClient
{
    private readonly ServiceChannel _services;
    private readonly ContainerClient _containers;
    private readonly SnapshotClient _snapshots;
    private readonly ContentClient _content;
    private readonly LeaseClient _leases;
    private readonly string _directory;
    private readonly string _sharedDirectory;

    internal RepairClient(ServiceChannel services, ContainerClient containers, SnapshotClient snapshots, string stateDirectory)
    {
        _services = services;
        _containers = containers;
        _snapshots = snapshots;
        _content = new ContentClient(services);
        _leases = new LeaseClient(services);
        _directory = Bundle.DirectoryFor(stateDirectory, services.Address, services.Namespace);
        _sharedDirectory = TaskClient.FifoDirectory(stateDirectory);
    }

    /// <summary>What is left behind in the namespace, in the order in which it is to be removed.</summary>
    /// <param name="cancellationToken">Ends the search.</param>
    public async IAsyncEnumerable<CtrRemnant> FindAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // What is looked at before its owner is one that was there: a client that is at work makes the owner first.
        string[] directories = StateFiles.Directories(_directory);
        IReadOnlyList<CtrTask> tasks = await _containers.Tasks.ListAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> ingests = await _content.ListIngestsAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<LeaseMessage> leases = await _leases.ListAsync(cancellationToken).ConfigureAwait(false);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var used = new HashSet<(string Snapshotter, string Key)>();
        await foreach (CtrContainer container in _containers.ListAsync(null, cancellationToken).ConfigureAwait(false))
        {
            ids.Add(container.Id);
            used.Add((container.Snapshotter, container.SnapshotKey));
        }

        CtrTask[] ended = tasks.Where(task => task.Status == CtrTaskStatus.Stopped && !ids.Contains(task.Id)).ToArray();
        foreach (CtrTask task in await StillThereAsync(ended, cancellationToken).ConfigureAwait(false))
        {
            yield return Remnant(CtrRemnantKind.Task, task.Id, "The task has ended, and its container is gone.");
        }

        foreach (CtrRemnant remnant in FindFiles(directories, [.. ids, .. tasks.Select(task => task.Id)]))
        {
            yield return remnant;
        }

        var dead = leases.Where(HasDied).ToDictionary(lease => lease.Id);
        var live = leases.Select(lease => lease.Id).Where(id => !dead.ContainsKey(id)).ToHashSet(StringComparer.Ordinal);
        foreach (string ingest in ingests)
        {
            if (IngestName.LeaseOf(ingest) is { } lease && !live.Contains(lease))
            {
                yield return Remnant(CtrRemnantKind.Ingest, ingest, "The process that wrote it has ended.");
            }
        }

        await foreach (CtrRemnant snapshot in FindSnapshotsAsync(dead.Keys, live, used, cancellationToken).ConfigureAwait(false))
        {
            yield return snapshot;
        }

        foreach (LeaseMessage lease in dead.Values)
        {
            yield return Remnant(CtrRemnantKind.Lease, lease.Id, $"Process {lease.Labels[ClientProcess.Label].Split('/')[^2]}, which held it, has ended.");
        }
    }

    /// <summary>
    /// Removes something that was found, unless it is gone or in use by now, as after a question that was answered late, or lies
    /// where none of this client's files do.
    /// </summary>
    /// <param name="remnant">What <see cref="FindAsync"/> gave.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The same, and whether it was removed.</returns>
    /// <exception cref="CtrException">The daemon refused.</exception>
    /// <exception cref="IOException">The file cannot be removed.</exception>
    public async Task<CtrRemnant> RemoveAsync(CtrRemnant remnant, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(remnant);
        if (!await IsLeftBehindAsync(remnant, cancellationToken).ConfigureAwait(false))
        {
            return remnant;
        }

        switch (remnant.Kind)
        {
            case CtrRemnantKind.Task:
                await _containers.RemoveOrphanedTaskAsync(remnant.Id, cancellationToken).ConfigureAwait(false);
                break;
            case CtrRemnantKind.Fifo:
                StateFiles.RemoveFifo(remnant.Id);
                break;
            case CtrRemnantKind.Directory:
                StateFiles.RemoveDirectory(remnant.Id);
                break;
            case CtrRemnantKind.Ingest:
                await _content.AbortAsync(remnant.Id, cancellationToken).ConfigureAwait(false);
                break;
            case CtrRemnantKind.Snapshot:
                await _snapshots.RemoveAsync(remnant.Snapshotter!, remnant.Id, cancellationToken).ConfigureAwait(false);
                break;
            case CtrRemnantKind.Lease:
                await _leases.DeleteAsync(remnant.Id, cancellationToken).ConfigureAwait(false);
                break;
        }

        return remnant with { Removed = true };
    }

    private async Task<bool> IsLeftBehindAsync(CtrRemnant remnant, CancellationToken cancellationToken)
    {
        await foreach (CtrRemnant found in FindAsync(cancellationToken).ConfigureAwait(false))
        {
            if ((found.Kind, found.Id, found.Snapshotter) == (remnant.Kind, remnant.Id, remnant.Snapshotter))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Those of the tasks that are not gone by now: whoever removes a container removes its task first.</summary>
    private async Task<IEnumerable<CtrTask>> StillThereAsync(CtrTask[] tasks, CancellationToken cancellationToken)
    {
        if (tasks.Length == 0)
        {
            return tasks;
        }

        IReadOnlyList<CtrTask> now = await _containers.Tasks.ListAsync(cancellationToken).ConfigureAwait(false);
        return tasks.Where(task => now.Any(other => (other.Id, other.Pid, other.Status) == (task.Id, task.Pid, task.Status)));
    }

    private static bool HasDied(LeaseMessage lease) =>
        lease.Labels.TryGetValue(ClientProcess.Label, out string? process) && ClientProcess.HasEnded(process);

    private IEnumerable<CtrRemnant> FindFiles(string[] directories, HashSet<string> ids)
    {
        foreach (string directory in directories)
        {
            if (!ids.Contains(Path.GetFileName(directory)))
            {
                if (StateFiles.IsSettled(directory))
                {
                    yield return Remnant(CtrRemnantKind.Directory, directory, "There is no container of this id.");
                }

                continue;
            }

            foreach (string fifo in StateFiles.AbandonedFifos(directory))
            {
                yield return Remnant(CtrRemnantKind.Fifo, fifo, "No process has it open.");
            }
        }

        // Those for containers that another client made; nothing tells of which daemon.
        foreach (string fifo in StateFiles.Directories(_sharedDirectory).SelectMany(StateFiles.AbandonedFifos))
        {
            yield return Remnant(CtrRemnantKind.Fifo, fifo, "No process has it open.");
        }
    }

    /// <summary>Writable snapshots that dead leases hold, and nothing else: a container that was not made in the end.</summary>
    private async IAsyncEnumerable<CtrRemnant> FindSnapshotsAsync(
        IEnumerable<string> dead,
        HashSet<string> live,
        HashSet<(string Snapshotter, string Key)> used,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var abandoned = new HashSet<(string Snapshotter, string Key)>();
        foreach (string lease in dead)
        {
            abandoned.UnionWith(await _leases.ListSnapshotsAsync(lease, cancellationToken).ConfigureAwait(false));
        }

        abandoned.ExceptWith(used);
        if (abandoned.Count == 0)
        {
            yield break;
        }

        foreach (string lease in live)
        {
            abandoned.ExceptWith(await _leases.ListSnapshotsAsync(lease, cancellationToken).ConfigureAwait(false));
        }

        foreach ((string snapshotter, string key) in abandoned)
        {
            if (await _snapshots.IsTemporaryAsync(snapshotter, key, cancellationToken).ConfigureAwait(false))
            {
                yield return Remnant(CtrRemnantKind.Snapshot, key, "The process that made it has ended, and no container uses it.") with
                {
                    Snapshotter = snapshotter,
                };
            }
        }
    }

    private CtrRemnant Remnant(CtrRemnantKind kind, string id, string reason) => new()
    {
        Kind = kind,
        Id = id,
        Reason = reason,
        Address = _services.Address.ToString(),
        Namespace = _services.Namespace,
    };
}
