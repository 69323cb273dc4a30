namespace Containerd.PowerShell.Containers;

/// <summary>A cmdlet that works on a process, not on a container as a whole: the task's first one, or an exec.</summary>
internal interface IProcessCmdlet
{
    /// <summary>The exec that was named; null for the one that the piped object has, else for the task's first process.</summary>
    string? ExecId { get; }
}
