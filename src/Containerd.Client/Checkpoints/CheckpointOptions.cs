namespace Containerd.Client;

/// <summary>How a checkpoint is taken.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Whether the task ends with the checkpoint; else it runs on.</summary>
    public bool Exit { get; init; }

    /// <summary>The directory on the daemon's host in which CRIU works and leaves its log; null for the task's own.</summary>
    public string? WorkPath { get; init; }
}
