namespace Containerd;

/// <summary>A checkpoint: the state of a task's processes at one moment, from which they can go on.</summary>
public sealed record CtrCheckpoint
{
    /// <summary>What holds it.</summary>
    public CtrCheckpointKind Kind { get; init; }

    /// <summary>Where it is: the path of a directory, or the name of an image.</summary>
    public required string Location { get; init; }

    /// <summary>The id of the container that it was made of; null where that is not known.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The name of the image that the container was made from; null where that is not known, or there was none.</summary>
    public string? Image { get; init; }

    /// <summary>Bytes of all that belongs to it; null where they are not known.</summary>
    public long? Size { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The daemon's address.</summary>
    public required string Address { get; init; }

    /// <summary>containerd's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The location.</summary>
    public override string ToString() => Location;
}
