namespace Containerd;

/// <summary>What was copied into a container or out of it.</summary>
public sealed record CtrCopy : IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <summary>Always null: a copy is a container's, not an exec's.</summary>
    public string? ExecId => null;

    /// <summary>What was copied: a path of this host or in the container.</summary>
    public required string Source { get; init; }

    /// <summary>Where it went, as it was asked for.</summary>
    public required string Destination { get; init; }

    /// <summary>Files and symbolic links, without directories.</summary>
    public required long Files { get; init; }

    /// <summary>Bytes of the files.</summary>
    public required long Size { get; init; }

    /// <summary>
    /// What was left out: devices, FIFOs and sockets, what lies in a mounted proc or sysfs (each counted once), and what went
    /// while it was being copied.
    /// </summary>
    public required long Skipped { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }
}
