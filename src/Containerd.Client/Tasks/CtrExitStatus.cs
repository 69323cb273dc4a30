namespace Containerd;

/// <summary>How a process ended (containerd.services.tasks.v1.WaitResponse and DeleteResponse).</summary>
public sealed record CtrExitStatus : IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <inheritdoc/>
    public string? ExecId { get; init; }

    /// <summary>The exit code, 0 to 255; 128 and the signal's number for a process that a signal ended; 255 also where nobody can tell.</summary>
    public required int ExitCode { get; init; }

    /// <summary>When it ended, by the daemon's clock; where nobody can tell, when that was seen.</summary>
    public required DateTimeOffset ExitedAt { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }

    /// <summary>The exit code.</summary>
    public override string ToString() => ExitCode.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
