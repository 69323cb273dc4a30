namespace Containerd;

/// <summary>What something is that a client left behind.</summary>
public enum CtrRemnantKind
{
    /// <summary>A task that has ended, whose container is gone.</summary>
    Task,

    /// <summary>A named pipe that no process has open.</summary>
    Fifo,

    /// <summary>The directory of a container that is gone, with its log.</summary>
    Directory,

    /// <summary>Content whose writing was begun and not finished.</summary>
    Ingest,

    /// <summary>A writable snapshot that no container uses.</summary>
    Snapshot,

    /// <summary>A lease, which keeps content and snapshots from the garbage collector.</summary>
    Lease,
}

/// <summary>Something that a client which crashed, or lost its daemon, left behind.</summary>
public sealed record CtrRemnant
{
    /// <summary>What it is.</summary>
    public required CtrRemnantKind Kind { get; init; }

    /// <summary>Its id: a task's or lease's id, an ingest's reference, a snapshot's key, or a path.</summary>
    public required string Id { get; init; }

    /// <summary>Why nothing needs it any more.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether it has been removed.</summary>
    public bool Removed { get; init; }

    /// <summary>The snapshotter of a snapshot; null for all else.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>The daemon's address.</summary>
    public required string Address { get; init; }

    /// <summary>containerd's namespace.</summary>
    public required string Namespace { get; init; }
}
