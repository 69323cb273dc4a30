namespace Containerd;

/// <summary>An event about a namespace.</summary>
public abstract record CtrNamespaceEvent : CtrEvent
{
    /// <summary>The namespace's name.</summary>
    public required string Name { get; init; }

    /// <inheritdoc/>
    public override string Id => Name;
}

/// <summary>A namespace was made (containerd.events.NamespaceCreate).</summary>
public sealed record CtrNamespaceCreateEvent : CtrNamespaceEvent
{
    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A namespace's labels were changed (containerd.events.NamespaceUpdate).</summary>
public sealed record CtrNamespaceUpdateEvent : CtrNamespaceEvent
{
    /// <summary>Its labels after the change.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A namespace was removed (containerd.events.NamespaceDelete).</summary>
public sealed record CtrNamespaceDeleteEvent : CtrNamespaceEvent;
