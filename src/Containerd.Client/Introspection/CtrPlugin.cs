namespace Containerd;

/// <summary>A plugin of the daemon (containerd.services.introspection.v1.Plugin).</summary>
public sealed record CtrPlugin
{
    /// <summary>What it does, such as <c>io.containerd.snapshotter.v1</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Its id, such as <c>overlayfs</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it was loaded.</summary>
    public required bool IsLoaded { get; init; }

    /// <summary>Why it was not loaded; empty where it was.</summary>
    public string Error { get; init; } = "";

    /// <summary>What it says of itself, such as a snapshotter's <c>root</c>.</summary>
    public IReadOnlyDictionary<string, string> Exports { get; init; } = new Dictionary<string, string>();

    /// <summary>What it can do.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>The platforms that it serves, such as <c>linux/amd64</c>.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>The types of plugin that it needs.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>The daemon's address.</summary>
    public required string Address { get; init; }

    /// <summary>Type and id.</summary>
    public override string ToString() => $"{Type}.{Id}";
}
