namespace Containerd;

/// <summary>What a task uses, of processor, memory, disk and processes, at one moment (containerd.types.Metric).</summary>
/// <remarks>
/// Decoded from <c>io.containerd.cgroups.v1.Metrics</c> or <c>io.containerd.cgroups.v2.Metrics</c>; what these tell
/// beyond is in <see cref="Raw"/>. Numbers grow from the container's start on, those that are named as present use aside.
/// </remarks>
public sealed record CtrTaskMetric : IContainerReference
{
    /// <inheritdoc/>
    public required string ContainerId { get; init; }

    string? IContainerReference.ExecId => null;

    /// <summary>When it was measured, by the daemon's clock.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The version of the host's control groups, 1 or 2; 0 where the runtime tells something else, which is in <see cref="Raw"/> alone.</summary>
    public int CgroupVersion { get; init; }

    /// <summary>The processor time that was used since the last measurement, in percent of one processor; null for the first.</summary>
    public double? CpuPercent { get; init; }

    /// <summary>Processor time in all.</summary>
    public TimeSpan CpuUsage { get; init; }

    /// <summary>Processor time outside the kernel.</summary>
    public TimeSpan CpuUser { get; init; }

    /// <summary>Processor time in the kernel.</summary>
    public TimeSpan CpuSystem { get; init; }

    /// <summary>Periods of the processor limit; 0 without a limit.</summary>
    public long CpuPeriods { get; init; }

    /// <summary>Periods in which the limit was reached.</summary>
    public long CpuThrottledPeriods { get; init; }

    /// <summary>For how long the limit kept the task waiting.</summary>
    public TimeSpan CpuThrottledTime { get; init; }

    /// <summary>Memory in present use, in bytes, the kernel's cache of files included.</summary>
    public long MemoryUsage { get; init; }

    /// <summary>Memory in present use, in bytes, without file contents that the kernel can let go of: what the limit is compared with.</summary>
    public long MemoryWorkingSet { get; init; }

    /// <summary>The memory limit in bytes; null without one.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary><see cref="MemoryWorkingSet"/> in percent of <see cref="MemoryLimit"/>; null without one.</summary>
    public double? MemoryPercent => MemoryLimit is { } limit ? 100.0 * MemoryWorkingSet / limit : null;

    /// <summary>The most memory that was in use, in bytes; null where the kernel does not tell.</summary>
    public long? MemoryMaximum { get; init; }

    /// <summary>Memory of the processes themselves in present use, in bytes.</summary>
    public long MemoryAnonymous { get; init; }

    /// <summary>Cached contents of files in present use, in bytes.</summary>
    public long MemoryFile { get; init; }

    /// <summary>Swapped memory at present, in bytes; null where the kernel does not tell.</summary>
    public long? SwapUsage { get; init; }

    /// <summary>
    /// The limit of swapped memory in bytes; null without one. A limit of 0 looks in version 2 as if the kernel did not account
    /// for swap: it is null too until something was swapped.
    /// </summary>
    public long? SwapLimit { get; init; }

    /// <summary>Page faults.</summary>
    public long PageFaults { get; init; }

    /// <summary>Page faults that had to read from a disk.</summary>
    public long MajorPageFaults { get; init; }

    /// <summary>Processes that were killed for want of memory; null where the kernel does not tell.</summary>
    public long? OutOfMemoryKills { get; init; }

    /// <summary>Processes and threads at present.</summary>
    public long Pids { get; init; }

    /// <summary>The most processes and threads; null without a limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Bytes read from block devices.</summary>
    public long ReadBytes { get; init; }

    /// <summary>Bytes written to block devices.</summary>
    public long WrittenBytes { get; init; }

    /// <summary>Reads from block devices.</summary>
    public long ReadOperations { get; init; }

    /// <summary>Writes to block devices.</summary>
    public long WriteOperations { get; init; }

    /// <summary>Bytes read from block devices in a second since the last measurement; null for the first.</summary>
    public double? ReadBytesPerSecond { get; init; }

    /// <summary>Bytes written to block devices in a second since the last measurement; null for the first.</summary>
    public double? WrittenBytesPerSecond { get; init; }

    /// <summary>The name of the message's type, as the daemon sent it.</summary>
    public required string RawType { get; init; }

    /// <summary>
    /// Each value of the message under its path, such as <c>memory.usage.limit</c> or <c>cpu.usage.per_cpu[0]</c>; of an
    /// unknown type its bytes under <c>data</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, object> Raw { get; init; }

    /// <inheritdoc/>
    public required string Address { get; init; }

    /// <inheritdoc/>
    public required string Namespace { get; init; }

    /// <summary>The same with the rates since an earlier measurement of the task; without them where the task was started anew.</summary>
    /// <param name="earlier">The earlier measurement.</param>
    public CtrTaskMetric Since(CtrTaskMetric earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        double seconds = (Timestamp - earlier.Timestamp).TotalSeconds;
        TimeSpan used = CpuUsage - earlier.CpuUsage;
        return seconds <= 0 || used < TimeSpan.Zero
            ? this
            : this with
            {
                CpuPercent = 100 * used.TotalSeconds / seconds,
                ReadBytesPerSecond = Math.Max(0, ReadBytes - earlier.ReadBytes) / seconds,
                WrittenBytesPerSecond = Math.Max(0, WrittenBytes - earlier.WrittenBytes) / seconds,
            };
    }

    /// <summary>The container's id.</summary>
    public override string ToString() => ContainerId;
}
