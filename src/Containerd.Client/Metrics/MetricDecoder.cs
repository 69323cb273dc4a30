using Containerd.Protocol.Types;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using V1 = Containerd.Protocol.Cgroups.V1;
using V2 = Containerd.Protocol.Cgroups.V2;

namespace Containerd.Client;

/// <summary>Turns what control groups tell, of either version, into one record.</summary>
internal static class MetricDecoder
{
    // "No limit" is the largest multiple of a page below 2^63 in version 1, and 2^64-1 in version 2.
    private const ulong NoLimit = long.MaxValue - 0xFFFF;

    public static CtrTaskMetric Decode(Metric metric, string address, string @namespace)
    {
        string type = metric.Data is null ? "" : TypeUrl.NameOf(metric.Data);
        var record = new CtrTaskMetric
        {
            ContainerId = metric.Id,
            Timestamp = metric.Timestamp?.ToDateTimeOffset() ?? DateTimeOffset.UnixEpoch,
            RawType = type,
            Raw = new Dictionary<string, object> { ["data"] = metric.Data?.Value.ToByteArray() ?? [] },
            Address = address,
            Namespace = @namespace,
        };
        if (type == V1.Metrics.Descriptor.FullName)
        {
            V1.Metrics message = V1.Metrics.Parser.ParseFrom(metric.Data!.Value);
            return Decode(message, record with { Raw = Flatten(message) });
        }

        if (type == V2.Metrics.Descriptor.FullName)
        {
            V2.Metrics message = V2.Metrics.Parser.ParseFrom(metric.Data!.Value);
            return Decode(message, record with { Raw = Flatten(message) });
        }

        return record;
    }

    private static CtrTaskMetric Decode(V1.Metrics metrics, CtrTaskMetric record)
    {
        V1.CPUUsage cpu = metrics.Cpu?.Usage ?? new();
        V1.Throttle throttling = metrics.Cpu?.Throttling ?? new();
        V1.MemoryStat memory = metrics.Memory ?? new();
        V1.MemoryEntry used = memory.Usage ?? new();
        V1.BlkIOStat blocks = metrics.Blkio ?? new();
        return record with
        {
            CgroupVersion = 1,
            CpuUsage = Nanoseconds(cpu.Total),
            CpuUser = Nanoseconds(cpu.User),
            CpuSystem = Nanoseconds(cpu.Kernel),
            CpuPeriods = (long)throttling.Periods,
            CpuThrottledPeriods = (long)throttling.ThrottledPeriods,
            CpuThrottledTime = Nanoseconds(throttling.ThrottledTime),
            MemoryUsage = (long)used.Usage,
            MemoryWorkingSet = Less(used.Usage, memory.TotalInactiveFile),
            MemoryLimit = Limit(used.Limit),
            MemoryMaximum = (long)used.Max,
            MemoryAnonymous = (long)memory.TotalRss,
            MemoryFile = (long)memory.TotalCache,
            // Version 1 counts memory and swap together.
            SwapUsage = memory.Swap is null ? null : Less(memory.Swap.Usage, used.Usage),
            SwapLimit = memory.Swap is { } swap && Limit(swap.Limit) is not null ? Less(swap.Limit, used.Limit) : null,
            PageFaults = (long)memory.TotalPgFault,
            MajorPageFaults = (long)memory.TotalPgMajFault,
            OutOfMemoryKills = metrics.MemoryOomControl is { } control ? (long)control.OomKill : null,
            Pids = (long)(metrics.Pids?.Current ?? 0),
            PidsLimit = Limit(metrics.Pids?.Limit ?? 0),
            ReadBytes = Sum(blocks.IoServiceBytesRecursive, "Read"),
            WrittenBytes = Sum(blocks.IoServiceBytesRecursive, "Write"),
            ReadOperations = Sum(blocks.IoServicedRecursive, "Read"),
            WriteOperations = Sum(blocks.IoServicedRecursive, "Write"),
        };
    }

    private static CtrTaskMetric Decode(V2.Metrics metrics, CtrTaskMetric record)
    {
        V2.CPUStat cpu = metrics.Cpu ?? new();
        V2.MemoryStat memory = metrics.Memory ?? new();
        V2.IOStat io = metrics.Io ?? new();
        return record with
        {
            CgroupVersion = 2,
            CpuUsage = Microseconds(cpu.UsageUsec),
            CpuUser = Microseconds(cpu.UserUsec),
            CpuSystem = Microseconds(cpu.SystemUsec),
            CpuPeriods = (long)cpu.NrPeriods,
            CpuThrottledPeriods = (long)cpu.NrThrottled,
            CpuThrottledTime = Microseconds(cpu.ThrottledUsec),
            MemoryUsage = (long)memory.Usage,
            MemoryWorkingSet = Less(memory.Usage, memory.InactiveFile),
            MemoryLimit = Limit(memory.UsageLimit),
            // Not told by kernels before 5.19.
            MemoryMaximum = memory.MaxUsage == 0 ? null : (long)memory.MaxUsage,
            MemoryAnonymous = (long)memory.Anon,
            MemoryFile = (long)memory.File,
            SwapUsage = (long)memory.SwapUsage,
            // containerd sends 0 for memory.swap.max of 0 and for a kernel that has no such file, as it accounts for no swap and
            // limits none: only swap that it has counted tells that 0 is the limit.
            SwapLimit = memory is { SwapLimit: 0 } and not { SwapUsage: 0, SwapMaxUsage: 0 } ? 0 : Limit(memory.SwapLimit),
            PageFaults = (long)memory.Pgfault,
            MajorPageFaults = (long)memory.Pgmajfault,
            OutOfMemoryKills = metrics.MemoryEvents is { } events ? (long)events.OomKill : null,
            Pids = (long)(metrics.Pids?.Current ?? 0),
            PidsLimit = Limit(metrics.Pids?.Limit ?? 0),
            ReadBytes = io.Usage.Sum(device => (long)device.Rbytes),
            WrittenBytes = io.Usage.Sum(device => (long)device.Wbytes),
            ReadOperations = io.Usage.Sum(device => (long)device.Rios),
            WriteOperations = io.Usage.Sum(device => (long)device.Wios),
        };
    }

    private static TimeSpan Nanoseconds(ulong value) => TimeSpan.FromTicks((long)(value / 100));

    private static TimeSpan Microseconds(ulong value) => TimeSpan.FromTicks((long)(value * 10));

    private static long? Limit(ulong value) => value is 0 or >= NoLimit ? null : (long)value;

    private static long Less(ulong value, ulong part) => value > part ? (long)(value - part) : 0;

    private static long Sum(IEnumerable<V1.BlkIOEntry> entries, string operation) =>
        entries.Where(entry => entry.Op.Equals(operation, StringComparison.OrdinalIgnoreCase)).Sum(entry => (long)entry.Value);

    private static Dictionary<string, object> Flatten(IMessage message)
    {
        var values = new Dictionary<string, object>();
        Add(values, "", message);
        return values;
    }

    private static void Add(Dictionary<string, object> values, string prefix, IMessage message)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            object? value = field.Accessor.GetValue(message);
            string path = prefix + field.Name;
            if (value is System.Collections.IList several)
            {
                for (int i = 0; i < several.Count; i++)
                {
                    AddValue(values, $"{path}[{i}]", several[i]);
                }
            }
            else
            {
                AddValue(values, path, value);
            }
        }
    }

    private static void AddValue(Dictionary<string, object> values, string path, object? value)
    {
        if (value is IMessage message)
        {
            Add(values, path + ".", message);
        }
        else if (value is not null)
        {
            values[path] = value;
        }
    }
}
