namespace Containerd;

/// <summary>Why events are missing.</summary>
public enum CtrEventGapReason
{
    /// <summary>
    /// The daemon stopped, or the connection broke. What happened to containers and tasks follows as reconstructed events;
    /// events of other kinds are lost.
    /// </summary>
    StreamLost,

    /// <summary>The reader was too slow: the buffer between it and the daemon was full.</summary>
    ReaderTooSlow,

    /// <summary>The subscription failed, as a daemon may that took the place of another: no more events come.</summary>
    SubscriptionFailed,
}

/// <summary>Stands in a stream of events where some are missing.</summary>
public sealed record CtrEventGap : CtrEvent
{
    /// <summary>Why they are missing.</summary>
    public required CtrEventGapReason Reason { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How many are missing; null where nobody knows.</summary>
    public long? LostCount { get; init; }

    /// <summary>Why the subscription failed; null for any other reason.</summary>
    public Exception? Error { get; init; }

    /// <inheritdoc/>
    public override string Type => "Gap";

    /// <summary>Empty.</summary>
    public override string Id => "";
}
