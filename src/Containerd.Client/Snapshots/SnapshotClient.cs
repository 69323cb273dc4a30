using System.Globalization;
using Containerd.Protocol.Snapshots;
using Containerd.Protocol.Types;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Snapshots: containerd.services.snapshots.v1.Snapshots.</summary>
internal sealed class SnapshotClient
{
    private const string RootLabel = "containerd.io/gc.root";

    private readonly ServiceChannel _services;
    private readonly DefaultSnapshotter _default;

    internal SnapshotClient(ServiceChannel services, DefaultSnapshotter defaultSnapshotter)
    {
        _services = services;
        _default = defaultSnapshotter;
    }

    /// <summary>The snapshotter to use where none is named.</summary>
    public ValueTask<string> DefaultSnapshotterAsync(CancellationToken cancellationToken) => _default.GetAsync(cancellationToken);

    /// <summary>The same, its calls under a lease.</summary>
    public SnapshotClient Under(Lease lease) => new(lease.Services, _default);

    /// <summary>Makes a writable snapshot on top of a parent (Snapshots.Prepare) and gives its mounts.</summary>
    /// <exception cref="CtrException">AlreadyExists where the key is taken; NotFound where the parent is missing.</exception>
    public async Task<IReadOnlyList<Mount>> PrepareAsync(
        string snapshotter, string key, string parent, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new PrepareSnapshotRequest { Snapshotter = snapshotter, Key = key, Parent = parent };
        foreach ((string name, string value) in labels)
        {
            request.Labels.Add(name, value);
        }

        PrepareSnapshotResponse response = await MakeAsync(
            snapshotter,
            key,
            () => _services.CallAsync(SnapshotMethods.Prepare, request, Resource.Snapshot(key), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return response.Mounts;
    }

    /// <summary>Makes a read-only view of a parent (Snapshots.View) and gives its mounts.</summary>
    public async Task<IReadOnlyList<Mount>> ViewAsync(string snapshotter, string key, string parent, CancellationToken cancellationToken)
    {
        var request = new ViewSnapshotRequest { Snapshotter = snapshotter, Key = key, Parent = parent };
        ViewSnapshotResponse response = await MakeAsync(
            snapshotter,
            key,
            () => _services.CallAsync(SnapshotMethods.View, request, Resource.Snapshot(key), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return response.Mounts;
    }

    /// <summary>The snapshot on which another one lies (Snapshots.Stat); empty for none.</summary>
    /// <exception cref="CtrException">NotFound where there is no snapshot of that key.</exception>
    public async Task<string> ParentAsync(string snapshotter, string key, CancellationToken cancellationToken) =>
        (await StatAsync(snapshotter, key, cancellationToken).ConfigureAwait(false)).Parent;

    /// <summary>Makes a snapshot read-only under a name of its own (Snapshots.Commit).</summary>
    public Task CommitAsync(
        string snapshotter, string key, string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new CommitSnapshotRequest { Snapshotter = snapshotter, Key = key, Name = name };
        foreach ((string label, string value) in labels)
        {
            request.Labels.Add(label, value);
        }

        return _services.CallAsync(SnapshotMethods.Commit, request, Resource.Snapshot(name), cancellationToken);
    }

    /// <summary>The mounts of a writable snapshot (Snapshots.Mounts).</summary>
    public async Task<IReadOnlyList<Mount>> MountsAsync(string snapshotter, string key, CancellationToken cancellationToken)
    {
        MountsResponse response = await _services.CallAsync(
            SnapshotMethods.Mounts,
            new MountsRequest { Snapshotter = snapshotter, Key = key },
            Resource.Snapshot(key),
            cancellationToken).ConfigureAwait(false);
        return response.Mounts;
    }

    /// <summary>Whether a snapshot of that key exists (Snapshots.Stat).</summary>
    public async Task<bool> ExistsAsync(string snapshotter, string key, CancellationToken cancellationToken) =>
        await FindAsync(snapshotter, key, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Whether there is a snapshot of that key that is not committed, and that nobody has asked to keep.</summary>
    public async Task<bool> IsTemporaryAsync(string snapshotter, string key, CancellationToken cancellationToken) =>
        await FindAsync(snapshotter, key, cancellationToken).ConfigureAwait(false) is { Kind: not Kind.Committed } info
            && !info.Labels.ContainsKey(RootLabel);

    /// <summary>
    /// Makes a snapshot. A daemon that was killed while it made one may have left a directory where the next one is to lie:
    /// it says that something exists, and takes the directory away, so that another try succeeds.
    /// </summary>
    private async Task<T> MakeAsync<T>(string snapshotter, string key, Func<Task<T>> make, CancellationToken cancellationToken)
    {
        try
        {
            return await make().ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.AlreadyExists)
        {
            if (await ExistsAsync(snapshotter, key, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }
        }

        return await make().ConfigureAwait(false);
    }

    private async Task<Info?> FindAsync(string snapshotter, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await StatAsync(snapshotter, key, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<Info> StatAsync(string snapshotter, string key, CancellationToken cancellationToken)
    {
        StatSnapshotResponse response = await _services.CallAsync(
            SnapshotMethods.Stat,
            new StatSnapshotRequest { Snapshotter = snapshotter, Key = key },
            Resource.Snapshot(key),
            cancellationToken).ConfigureAwait(false);
        return response.Info;
    }

    /// <summary>Labels a snapshot so that the garbage collector keeps it though nothing else refers to it (Snapshots.Update).</summary>
    public Task KeepAsync(string snapshotter, string key, CancellationToken cancellationToken) =>
        _services.CallAsync(
            SnapshotMethods.Update,
            new UpdateSnapshotRequest
            {
                Snapshotter = snapshotter,
                Info = new Info { Name = key, Labels = { [RootLabel] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture) } },
                UpdateMask = new FieldMask { Paths = { $"labels.{RootLabel}" } },
            },
            Resource.Snapshot(key),
            cancellationToken);

    /// <summary>Removes a snapshot (Snapshots.Remove); one that is gone already is no error.</summary>
    public async Task RemoveAsync(string snapshotter, string key, CancellationToken cancellationToken)
    {
        try
        {
            await _services.CallAsync(
                SnapshotMethods.Remove,
                new RemoveSnapshotRequest { Snapshotter = snapshotter, Key = key },
                Resource.Snapshot(key),
                cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            // That is what was wanted.
        }
    }
}
