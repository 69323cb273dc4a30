namespace Containerd;

/// <summary>A blob was added to the content store (containerd.events.ContentCreate); containerd 2.1 and later.</summary>
public sealed record CtrContentCreateEvent : CtrEvent
{
    /// <summary>The blob's digest.</summary>
    public required string Digest { get; init; }

    /// <summary>Its size in bytes.</summary>
    public long Size { get; init; }

    /// <inheritdoc/>
    public override string Id => Digest;
}

/// <summary>A blob was removed from the content store (containerd.events.ContentDelete).</summary>
public sealed record CtrContentDeleteEvent : CtrEvent
{
    /// <summary>The blob's digest.</summary>
    public required string Digest { get; init; }

    /// <inheritdoc/>
    public override string Id => Digest;
}
