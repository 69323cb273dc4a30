namespace Containerd;

/// <summary>
/// What a runtime tells of a process beyond its number (ProcessInfo.info): runc's the exec's id alone, Windows's all of these.
/// Of a runtime that is not known here there are the type and the bytes.
/// </summary>
public sealed record CtrProcessDetails
{
    /// <summary>The message's full name, such as <c>containerd.runc.v1.ProcessDetails</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The message as it came.</summary>
    public required byte[] Raw { get; init; }

    /// <summary>The exec's id; null where it is none, or the runtime does not tell.</summary>
    public string? ExecId { get; init; }

    /// <summary>The program's file name; null where the runtime does not tell.</summary>
    public string? ImageName { get; init; }

    /// <summary>When the process was made; null where the runtime does not tell.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Time spent in the kernel; null where the runtime does not tell.</summary>
    public TimeSpan? KernelTime { get; init; }

    /// <summary>Time spent in the process itself; null where the runtime does not tell.</summary>
    public TimeSpan? UserTime { get; init; }

    /// <summary>Committed memory in bytes; null where the runtime does not tell.</summary>
    public long? MemoryCommit { get; init; }

    /// <summary>Memory in use by it alone, in bytes; null where the runtime does not tell.</summary>
    public long? MemoryWorkingSetPrivate { get; init; }

    /// <summary>Memory in use that it shares, in bytes; null where the runtime does not tell.</summary>
    public long? MemoryWorkingSetShared { get; init; }

    /// <summary>The type, and the exec's id where there is one.</summary>
    public override string ToString() => ExecId is null ? Type : $"{Type} {ExecId}";
}
