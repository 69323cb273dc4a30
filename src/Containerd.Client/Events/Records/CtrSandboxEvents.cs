namespace Containerd;

/// <summary>An event about a sandbox; containerd 2.0 and later.</summary>
public abstract record CtrSandboxEvent : CtrEvent
{
    /// <summary>The sandbox's id.</summary>
    public required string SandboxId { get; init; }

    /// <inheritdoc/>
    public override string Id => SandboxId;
}

/// <summary>A sandbox was made (containerd.events.SandboxCreate).</summary>
public sealed record CtrSandboxCreateEvent : CtrSandboxEvent;

/// <summary>A sandbox was started (containerd.events.SandboxStart).</summary>
public sealed record CtrSandboxStartEvent : CtrSandboxEvent;

/// <summary>A sandbox ended (containerd.events.SandboxExit).</summary>
public sealed record CtrSandboxExitEvent : CtrSandboxEvent
{
    /// <summary>The exit code, 0 to 255.</summary>
    public required int ExitCode { get; init; }

    /// <summary>When it ended; null where the daemon does not say.</summary>
    public DateTimeOffset? ExitedAt { get; init; }
}
