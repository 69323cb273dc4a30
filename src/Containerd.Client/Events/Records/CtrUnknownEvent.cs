namespace Containerd;

/// <summary>An event of a type that this module does not know, as it was received.</summary>
public sealed record CtrUnknownEvent : CtrEvent
{
    /// <summary>The type's URL.</summary>
    public required string TypeUrl { get; init; }

    /// <summary>The serialized message.</summary>
    public required ReadOnlyMemory<byte> Value { get; init; }

    /// <inheritdoc/>
    public override string Type => TypeUrl;

    /// <summary>Empty: what it is about is not known.</summary>
    public override string Id => "";
}
