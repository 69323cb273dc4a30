namespace Containerd;

/// <summary>An event about a container.</summary>
public abstract record CtrContainerEvent : CtrEvent, IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <inheritdoc/>
    public override string Id => ContainerId;

    string? IContainerReference.ExecId => null;
}

/// <summary>A container was made (containerd.events.ContainerCreate).</summary>
public sealed record CtrContainerCreateEvent : CtrContainerEvent
{
    /// <summary>The image's name; empty where it has none.</summary>
    public string Image { get; init; } = "";

    /// <summary>The runtime's name, such as <c>io.containerd.runc.v2</c>.</summary>
    public string Runtime { get; init; } = "";
}

/// <summary>A container was changed (containerd.events.ContainerUpdate).</summary>
public sealed record CtrContainerUpdateEvent : CtrContainerEvent
{
    /// <summary>The image's name; empty where it has none.</summary>
    public string Image { get; init; } = "";

    /// <summary>The labels after the change.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The key of the container's snapshot.</summary>
    public string SnapshotKey { get; init; } = "";
}

/// <summary>A container was removed (containerd.events.ContainerDelete).</summary>
public sealed record CtrContainerDeleteEvent : CtrContainerEvent;
