namespace Containerd;

/// <summary>A namespace: what is in one is not seen from another (containerd.services.namespaces.v1.Namespace).</summary>
public sealed record CtrNamespace
{
    /// <summary>Its name, such as <c>default</c>, <c>moby</c> or <c>k8s.io</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The daemon's address.</summary>
    public required string Address { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
