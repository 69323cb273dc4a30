namespace Containerd.Client;

/// <summary>How a checkpoint is taken.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Whether the task ends with the checkpoint; else it runs on.</summary>
    public bool Exit { get; init; }

    /// <summary>The directory on the daemon's host in which CRIU works and leaves its log; null for the task's own.</summary>
    public string? WorkPath { get; init; }

    /// <summary>Whether the files that the container has written go into a checkpoint that is an image.</summary>
    public bool IncludeRwLayer { get; init; }

    /// <summary>Whether a checkpoint that is an image keeps the container's own image.</summary>
    public bool IncludeImage { get; init; }
}
