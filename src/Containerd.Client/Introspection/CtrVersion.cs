namespace Containerd;

/// <summary>Which daemon answers, and what it offers (Version, Introspection.Plugins).</summary>
public sealed record CtrVersion
{
    /// <summary>The daemon's version, such as <c>1.6.20</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The commit that it was built from.</summary>
    public required string Revision { get; init; }

    /// <summary>The version of this module.</summary>
    public required string ModuleVersion { get; init; }

    /// <summary>The ids of the API services that the daemon has, sorted.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>The daemon's address.</summary>
    public required string Address { get; init; }

    /// <summary>The daemon's version.</summary>
    public override string ToString() => Version;
}
