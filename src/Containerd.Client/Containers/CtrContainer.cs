namespace Containerd;

/// <summary>A container: what is kept about it, whether it runs or not (containerd.services.containers.v1.Container).</summary>
public sealed record CtrContainer : IContainerReference
{
    /// <summary>The id, unique in its namespace.</summary>
    public required string Id { get; init; }

    /// <summary>The name of the image it was made from; empty without one.</summary>
    public string Image { get; init; } = "";

    /// <summary>The runtime's name, such as <c>io.containerd.runc.v2</c>.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>The snapshotter of its root file system; empty without one.</summary>
    public string Snapshotter { get; init; } = "";

    /// <summary>The key of the snapshot that is its root file system; empty without one.</summary>
    public string SnapshotKey { get; init; } = "";

    /// <summary>Its labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Its extensions, by name.</summary>
    public IReadOnlyDictionary<string, CtrExtension> Extensions { get; init; } = new Dictionary<string, CtrExtension>();

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }

    string IContainerReference.ContainerId => Id;

    string? IContainerReference.ExecId => null;

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
