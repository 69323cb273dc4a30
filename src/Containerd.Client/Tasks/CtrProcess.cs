namespace Containerd;

/// <summary>A process that was started in a container beside its first one (an exec).</summary>
public sealed record CtrProcess : IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <inheritdoc/>
    public required string? ExecId { get; init; }

    /// <summary>The process id on the daemon's host; 0 when there is none yet or any more.</summary>
    public required int Pid { get; init; }

    /// <summary>The state when it was asked for.</summary>
    public CtrTaskStatus Status { get; init; }

    /// <summary>The exit code, 0 to 255; null while the process lives.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the process ended; null while it lives.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }

    /// <summary>The container's id and the exec's.</summary>
    public override string ToString() => $"{ContainerId}/{ExecId}";
}
