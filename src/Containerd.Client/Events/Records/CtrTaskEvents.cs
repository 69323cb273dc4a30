namespace Containerd;

/// <summary>An event about a task, or about an exec in its container.</summary>
public abstract record CtrTaskEvent : CtrEvent, IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    /// <summary>The exec; null where it is about the task's first process.</summary>
    public string? ExecId { get; init; }

    /// <inheritdoc/>
    public override string Id => ContainerId;
}

/// <summary>A task was created (containerd.events.TaskCreate).</summary>
public sealed record CtrTaskCreateEvent : CtrTaskEvent
{
    /// <summary>The process id on the daemon's host.</summary>
    public required int Pid { get; init; }

    /// <summary>The directory that the shim keeps for the task, on the daemon's host.</summary>
    public string Bundle { get; init; } = "";

    /// <summary>The mounts of the root file system.</summary>
    public IReadOnlyList<CtrEventMount> RootFs { get; init; } = [];

    /// <summary>Where the process reads from: a FIFO's path; empty for nowhere.</summary>
    public string StandardInput { get; init; } = "";

    /// <summary>Where the process writes to: a FIFO's path or a URI; empty for nowhere.</summary>
    public string StandardOutput { get; init; } = "";

    /// <summary>Where the process writes errors to; empty for nowhere, and with a terminal.</summary>
    public string StandardError { get; init; } = "";

    /// <summary>Whether the process has a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>The checkpoint that it was restored from; empty where it was not.</summary>
    public string Checkpoint { get; init; } = "";
}

/// <summary>A mount, as an event of a task names it (containerd.types.Mount).</summary>
/// <param name="Type">The kind of file system, such as <c>overlay</c>.</param>
/// <param name="Source">What is mounted.</param>
/// <param name="Target">The place below the root file system; empty for the root.</param>
/// <param name="Options">The options.</param>
public sealed record CtrEventMount(string Type, string Source, string Target, IReadOnlyList<string> Options);

/// <summary>A task was started (containerd.events.TaskStart).</summary>
public sealed record CtrTaskStartEvent : CtrTaskEvent
{
    /// <summary>The process id on the daemon's host.</summary>
    public required int Pid { get; init; }
}

/// <summary>A task or an exec ended (containerd.events.TaskExit).</summary>
public sealed record CtrTaskExitEvent : CtrTaskEvent
{
    /// <summary>The process id that it had on the daemon's host; 0 where it is not known.</summary>
    public required int Pid { get; init; }

    /// <summary>
    /// The exit code, 0 to 255; null for a reconstructed event of a task that was gone when the stream was there again, so
    /// that nobody knows it any more.
    /// </summary>
    public required int? ExitCode { get; init; }

    /// <summary>When it ended; null where it is not known.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>Whether the container was short of memory before, so that the kernel killed one of its processes.</summary>
    public bool OutOfMemory { get; init; }
}

/// <summary>A task was removed (containerd.events.TaskDelete).</summary>
public sealed record CtrTaskDeleteEvent : CtrTaskEvent
{
    /// <summary>The process id that it had on the daemon's host; 0 where it is not known.</summary>
    public required int Pid { get; init; }

    /// <summary>The exit code, 0 to 255; null where it is not known.</summary>
    public required int? ExitCode { get; init; }

    /// <summary>When the process ended; null where it is not known.</summary>
    public DateTimeOffset? ExitedAt { get; init; }
}

/// <summary>The kernel killed a process of the container, as its memory was used up (containerd.events.TaskOOM).</summary>
public sealed record CtrTaskOomEvent : CtrTaskEvent
{
    /// <inheritdoc/>
    public override string Type => "TaskOOM";
}

/// <summary>An exec was added (containerd.events.TaskExecAdded).</summary>
public sealed record CtrTaskExecAddedEvent : CtrTaskEvent;

/// <summary>An exec was started (containerd.events.TaskExecStarted).</summary>
public sealed record CtrTaskExecStartedEvent : CtrTaskEvent
{
    /// <summary>The process id on the daemon's host.</summary>
    public required int Pid { get; init; }
}

/// <summary>A task was suspended (containerd.events.TaskPaused).</summary>
public sealed record CtrTaskPausedEvent : CtrTaskEvent;

/// <summary>A task was resumed (containerd.events.TaskResumed).</summary>
public sealed record CtrTaskResumedEvent : CtrTaskEvent;

/// <summary>A checkpoint of a task was made (containerd.events.TaskCheckpointed).</summary>
public sealed record CtrTaskCheckpointedEvent : CtrTaskEvent
{
    /// <summary>Where the checkpoint lies.</summary>
    public string Checkpoint { get; init; } = "";
}
