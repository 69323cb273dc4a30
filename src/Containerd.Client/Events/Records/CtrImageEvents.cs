namespace Containerd;

/// <summary>An event about an image's name.</summary>
public abstract record CtrImageEvent : CtrEvent
{
    /// <summary>The image's name.</summary>
    public required string Name { get; init; }

    /// <inheritdoc/>
    public override string Id => Name;
}

/// <summary>An image was added (containerd.services.images.v1.ImageCreate).</summary>
public sealed record CtrImageCreateEvent : CtrImageEvent
{
    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>An image was changed (containerd.services.images.v1.ImageUpdate).</summary>
public sealed record CtrImageUpdateEvent : CtrImageEvent
{
    /// <summary>Its labels after the change.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>An image was removed (containerd.services.images.v1.ImageDelete).</summary>
public sealed record CtrImageDeleteEvent : CtrImageEvent;
