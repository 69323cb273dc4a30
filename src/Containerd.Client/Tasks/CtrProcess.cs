namespace Containerd;

/// <summary>A process in a container: the first one of its task, an exec, or a child of these.</summary>
public sealed record CtrProcess : IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <inheritdoc/>
    public required string? ExecId { get; init; }

    /// <summary>Which of the container's processes it is.</summary>
    public CtrProcessKind Kind { get; init; }

    /// <summary>The process id on the daemon's host; 0 when there is none yet or any more.</summary>
    public required int Pid { get; init; }

    /// <summary>The state when it was asked for.</summary>
    public CtrTaskStatus Status { get; init; }

    /// <summary>Where the process reads from: a FIFO's path; empty for nowhere.</summary>
    public string StandardInput { get; init; } = "";

    /// <summary>Where the process writes to: a FIFO's path or a URI; empty for nowhere.</summary>
    public string StandardOutput { get; init; } = "";

    /// <summary>Where the process writes errors to; empty for nowhere, and with a terminal.</summary>
    public string StandardError { get; init; } = "";

    /// <summary>Whether the process has a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>What the runtime tells of it, where it was listed with its container's processes; else null.</summary>
    public CtrProcessDetails? Details { get; init; }

    /// <summary>The exit code, 0 to 255; null while the process lives.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the process ended; null while it lives.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }

    /// <summary>The container's id, and the exec's where it is one.</summary>
    public override string ToString() => ExecId is null ? ContainerId : $"{ContainerId}/{ExecId}";
}
