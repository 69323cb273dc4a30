namespace Containerd.Client;

/// <summary>What was reported of a task that the daemon has.</summary>
internal sealed class TrackedTask(int pid)
{
    /// <summary>The process id; 0 or less before it is known, as of a task that is restored: it gets its process when it is started.</summary>
    public int Pid { get; private set; } = pid;

    public bool Started { get; set; }

    public bool Exited { get; private set; }

    /// <summary>The exit code; null where nobody knows it, and before the exit.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>When it ended; null where nobody knows that.</summary>
    public DateTimeOffset? ExitedAt { get; private set; }

    public bool Paused { get; set; }

    /// <summary>Whether the kernel killed a process for want of memory: an exit carries it on.</summary>
    public bool OutOfMemory { get; set; }

    /// <summary>The execs that run, and their process ids.</summary>
    public Dictionary<string, int> Execs { get; } = [];

    /// <summary>Whether an exec of that id runs that is the process, as far as is known. The id may be used again after its end.</summary>
    public bool HasExec(string execId, int pid) => Execs.TryGetValue(execId, out int known) && IsSame(known, pid);

    /// <summary>Notes the process id where it was not known.</summary>
    public void Learn(int pid) => Pid = Pid > 0 ? Pid : pid;

    public void End(int? code, DateTimeOffset? at) => (Exited, ExitCode, ExitedAt) = (true, code, at);

    /// <summary>Whether an event is about this task and not about one that its container had before. 0 and less mean that the pid is not known.</summary>
    public bool Is(int pid) => IsSame(Pid, pid);

    private static bool IsSame(int known, int pid) => pid <= 0 || known <= 0 || pid == known;
}
