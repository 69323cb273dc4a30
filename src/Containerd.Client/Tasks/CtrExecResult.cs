namespace Containerd;

/// <summary>What a command that ran in a container wrote, and how it ended. A non-zero exit is data, not an error.</summary>
public sealed record CtrExecResult : IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <inheritdoc/>
    public required string? ExecId { get; init; }

    /// <summary>The exit code, 0 to 255; 128 and the signal's number for a process that a signal ended.</summary>
    public required int ExitCode { get; init; }

    /// <summary>All it wrote to standard output, as UTF-8; with a terminal, everything.</summary>
    public required string StandardOutput { get; init; }

    /// <summary>All it wrote to standard error, as UTF-8; empty with a terminal.</summary>
    public required string StandardError { get; init; }

    /// <summary>
    /// Whether output may be missing: for ten seconds after its end, another process, such as a child in the background, still
    /// held its output open, and was not waited for any longer.
    /// </summary>
    public bool OutputTruncated { get; init; }

    /// <summary>When it was started, by this machine's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended, by the daemon's clock.</summary>
    public required DateTimeOffset ExitedAt { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }

    /// <summary>Standard output.</summary>
    public override string ToString() => StandardOutput;
}
