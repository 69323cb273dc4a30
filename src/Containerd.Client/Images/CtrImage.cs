namespace Containerd;

/// <summary>An image: a name for a manifest or an index (containerd.services.images.v1.Image).</summary>
public sealed record CtrImage
{
    /// <summary>The full name, such as <c>docker.io/library/busybox:latest</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The manifest or index that it names.</summary>
    public required CtrDescriptor Target { get; init; }

    /// <summary>The target's digest.</summary>
    public string Digest => Target.Digest;

    /// <summary>
    /// Bytes of the manifest, configuration and layers, as they are stored, for this machine's platform, else for the
    /// first that is here; null where the content is not here.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>The platforms that the image is for, as far as its content is here.</summary>
    public IReadOnlyList<CtrPlatform> Platforms { get; init; } = [];

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>When the name was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The daemon's address.</summary>
    public required string Address { get; init; }

    /// <summary>containerd's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
