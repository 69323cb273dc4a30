namespace Containerd;

/// <summary>What a client of containerd keeps with a container for itself (an entry of Container.extensions).</summary>
public sealed record CtrExtension
{
    /// <summary>What the value is, in the form that the client that keeps it has chosen.</summary>
    public required string TypeUrl { get; init; }

    /// <summary>The value, in the form that the type has.</summary>
    public required byte[] Value { get; init; }

    /// <summary>The type and the length.</summary>
    public override string ToString() => $"{TypeUrl} ({Value.Length} bytes)";
}
