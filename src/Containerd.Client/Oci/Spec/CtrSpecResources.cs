using System.Text.Json;
using System.Text.Json.Serialization;
using Containerd.Client.Oci;

namespace Containerd;

/// <summary>Limits and devices of a container's control group.</summary>
/// <remarks>
/// Source: OCI runtime specification, config-linux.md, section Control groups. Limits of block IO, huge pages,
/// network and RDMA are kept in <see cref="CtrSpecObject.AdditionalProperties"/>.
/// </remarks>
public sealed class CtrSpecResources : CtrSpecObject
{
    /// <summary>Rules for devices, in order; later rules win.</summary>
    public List<CtrSpecDeviceRule> Devices { get; set => field = value ?? []; } = [];

    /// <summary>Memory limits.</summary>
    public CtrSpecMemory? Memory { get; set; }

    /// <summary>Processor limits.</summary>
    public CtrSpecCpu? Cpu { get; set; }

    /// <summary>The limit on the number of processes.</summary>
    public CtrSpecPids? Pids { get; set; }

    /// <summary>Files of cgroup v2 and what is written to them, such as <c>memory.high</c>.</summary>
    public Dictionary<string, string> Unified { get; set => field = value ?? []; } = [];

    /// <summary>Reads resources from JSON in UTF-8.</summary>
    /// <exception cref="FormatException">The bytes are not JSON or not OCI resources.</exception>
    public static CtrSpecResources Parse(ReadOnlySpan<byte> utf8Json) =>
        SpecJson.Parse(utf8Json, SpecJson.Compact.Resources, "OCI resources");

    /// <summary>Writes the resources as JSON in UTF-8, the form that an update of a task carries.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, SpecJson.Compact.Resources);
}

/// <summary>Memory limits, in bytes.</summary>
public sealed class CtrSpecMemory : CtrSpecObject
{
    /// <summary>The most memory; -1 is no limit.</summary>
    public long? Limit { get; set; }

    /// <summary>What the kernel tries to keep when memory is short.</summary>
    public long? Reservation { get; set; }

    /// <summary>The most memory and swap together; -1 is no limit.</summary>
    public long? Swap { get; set; }

    /// <summary>Kernel memory; deprecated by the specification.</summary>
    public long? Kernel { get; set; }

    /// <summary>Kernel memory of TCP buffers; deprecated by the specification.</summary>
    [JsonPropertyName("kernelTCP")]
    public long? KernelTcp { get; set; }

    /// <summary>How readily the kernel swaps, 0 to 100.</summary>
    public ulong? Swappiness { get; set; }

    /// <summary>Whether the out-of-memory killer is kept off.</summary>
    [JsonPropertyName("disableOOMKiller")]
    public bool? DisableOomKiller { get; set; }

    /// <summary>Whether children count towards the limit (cgroup v1).</summary>
    public bool? UseHierarchy { get; set; }

    /// <summary>Whether an update below the present use is refused.</summary>
    public bool? CheckBeforeUpdate { get; set; }
}

/// <summary>Processor limits.</summary>
public sealed class CtrSpecCpu : CtrSpecObject
{
    /// <summary>The weight against other groups; 1024 is one share.</summary>
    public ulong? Shares { get; set; }

    /// <summary>Microseconds of processor time in a period; -1 is no limit.</summary>
    public long? Quota { get; set; }

    /// <summary>Microseconds that may be saved up for a burst.</summary>
    public ulong? Burst { get; set; }

    /// <summary>The period in microseconds.</summary>
    public ulong? Period { get; set; }

    /// <summary>Microseconds of real-time scheduling in a period.</summary>
    public long? RealtimeRuntime { get; set; }

    /// <summary>The period of real-time scheduling in microseconds.</summary>
    public ulong? RealtimePeriod { get; set; }

    /// <summary>Processors that may be used, such as <c>0-2,4</c>.</summary>
    public string? Cpus { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Memory nodes that may be used, such as <c>0-1</c>.</summary>
    public string? Mems { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>1 runs the group only when the processor is idle.</summary>
    public long? Idle { get; set; }
}

/// <summary>The limit on the number of processes.</summary>
public sealed class CtrSpecPids : CtrSpecObject
{
    /// <summary>The most processes and threads; 0 or less is no limit.</summary>
    public long Limit { get; set; }
}
