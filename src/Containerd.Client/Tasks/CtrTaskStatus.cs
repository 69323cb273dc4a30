namespace Containerd;

/// <summary>The state of a task or exec, as containerd.v1.types.Status gives it.</summary>
public enum CtrTaskStatus
{
    /// <summary>The shim did not say, or did not answer in time.</summary>
    Unknown = 0,

    /// <summary>Created, not started.</summary>
    Created = 1,

    /// <summary>Running.</summary>
    Running = 2,

    /// <summary>Ended; it waits to be removed.</summary>
    Stopped = 3,

    /// <summary>Frozen.</summary>
    Paused = 4,

    /// <summary>Being frozen.</summary>
    Pausing = 5,
}
