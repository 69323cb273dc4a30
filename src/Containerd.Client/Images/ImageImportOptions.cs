namespace Containerd.Client;

/// <summary>What is taken from an archive, and what is done with it.</summary>
public sealed record ImageImportOptions
{
    /// <summary>The name that the image gets; null for the archive's own.</summary>
    public string? Name { get; init; }

    /// <summary>The platform to take and to unpack; null for this machine's.</summary>
    public CtrPlatform? Platform { get; init; }

    /// <summary>Whether every platform of the archive is kept; only one is unpacked.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Whether the layers are unpacked into snapshots, ready to run. True by default.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>The snapshotter to unpack into; null for the daemon's default.</summary>
    public string? Snapshotter { get; init; }
}
