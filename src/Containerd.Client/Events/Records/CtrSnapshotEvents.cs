namespace Containerd;

/// <summary>An event about a snapshot.</summary>
public abstract record CtrSnapshotEvent : CtrEvent
{
    /// <summary>The snapshot's key.</summary>
    public required string Key { get; init; }

    /// <summary>The snapshotter; empty before containerd 1.7.</summary>
    public string Snapshotter { get; init; } = "";

    /// <inheritdoc/>
    public override string Id => Key;
}

/// <summary>A writable snapshot was prepared (containerd.events.SnapshotPrepare).</summary>
public sealed record CtrSnapshotPrepareEvent : CtrSnapshotEvent
{
    /// <summary>The snapshot that it stands on; empty where there is none.</summary>
    public string Parent { get; init; } = "";
}

/// <summary>A snapshot was committed (containerd.events.SnapshotCommit).</summary>
public sealed record CtrSnapshotCommitEvent : CtrSnapshotEvent
{
    /// <summary>The name that it has from now on.</summary>
    public string Name { get; init; } = "";
}

/// <summary>A snapshot was removed (containerd.events.SnapshotRemove).</summary>
public sealed record CtrSnapshotRemoveEvent : CtrSnapshotEvent;
