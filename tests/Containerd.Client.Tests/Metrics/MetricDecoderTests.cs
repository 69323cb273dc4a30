using Containerd.Client;
using Containerd.Protocol.Types;
using FsCheck.Xunit;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using V1 = Containerd.Protocol.Cgroups.V1;
using V2 = Containerd.Protocol.Cgroups.V2;

namespace Containerd.Client.Tests.Metrics;

public sealed class MetricDecoderTests
{
    private const ulong UnlimitedInV1 = 0x7FFFFFFFFFFFF000;

    [Theory]
    [InlineData("io.containerd.cgroups.v1.Metrics")]
    [InlineData("type.googleapis.com/io.containerd.cgroups.v1.Metrics")]
    public void Control_groups_of_version_1_are_decoded(string typeUrl)
    {
        var message = new V1.Metrics
        {
            Pids = new() { Current = 3, Limit = 50 },
            Cpu = new()
            {
                Usage = new() { Total = 2_000_000_000, User = 1_500_000_000, Kernel = 500_000_000, PerCpu = { 7, 8 } },
                Throttling = new() { Periods = 10, ThrottledPeriods = 4, ThrottledTime = 3_000_000 },
            },
            Memory = new()
            {
                Usage = new() { Usage = 1000, Limit = 4000, Max = 2000 },
                Swap = new() { Usage = 1300, Limit = 6000 },
                TotalInactiveFile = 200,
                TotalRss = 600,
                TotalCache = 350,
                TotalPgFault = 11,
                TotalPgMajFault = 2,
            },
            MemoryOomControl = new() { OomKill = 1 },
            Blkio = new()
            {
                IoServiceBytesRecursive = { Block("Read", 100), Block("Write", 30), Block("Total", 130), Block("Read", 5) },
                IoServicedRecursive = { Block("Read", 4), Block("Write", 2) },
            },
        };

        CtrTaskMetric metric = Decode(typeUrl, message);

        Assert.Equal(1, metric.CgroupVersion);
        Assert.Equal(
            (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(0.5)), (metric.CpuUsage, metric.CpuUser, metric.CpuSystem));
        Assert.Equal((10L, 4L, TimeSpan.FromMilliseconds(3)), (metric.CpuPeriods, metric.CpuThrottledPeriods, metric.CpuThrottledTime));
        Assert.Equal((1000L, 800L, 4000L, 2000L), (metric.MemoryUsage, metric.MemoryWorkingSet, metric.MemoryLimit, metric.MemoryMaximum));
        Assert.Equal((600L, 350L, 20.0), (metric.MemoryAnonymous, metric.MemoryFile, metric.MemoryPercent));
        Assert.Equal((300L, 2000L), (metric.SwapUsage, metric.SwapLimit));
        Assert.Equal((11L, 2L, 1L), (metric.PageFaults, metric.MajorPageFaults, metric.OutOfMemoryKills));
        Assert.Equal((3L, 50L), (metric.Pids, metric.PidsLimit));
        Assert.Equal((105L, 30L, 4L, 2L), (metric.ReadBytes, metric.WrittenBytes, metric.ReadOperations, metric.WriteOperations));
        Assert.Equal("io.containerd.cgroups.v1.Metrics", metric.RawType);
        Assert.Equal(8UL, metric.Raw["cpu.usage.per_cpu[1]"]);
        Assert.Equal(4000UL, metric.Raw["memory.usage.limit"]);
        Assert.Equal("Write", metric.Raw["blkio.io_service_bytes_recursive[1].op"]);
        Assert.Equal(("c1", "here", "ns"), (metric.ContainerId, metric.Address, metric.Namespace));
    }

    [Fact]
    public void Control_groups_of_version_2_are_decoded()
    {
        var message = new V2.Metrics
        {
            Pids = new() { Current = 3, Limit = 50 },
            Cpu = new() { UsageUsec = 2_000_000, UserUsec = 1_500_000, SystemUsec = 500_000, NrPeriods = 10, NrThrottled = 4, ThrottledUsec = 3000 },
            Memory = new()
            {
                Usage = 1000, UsageLimit = 4000, MaxUsage = 2000, InactiveFile = 200, Anon = 600, File = 350, SwapUsage = 300, SwapLimit = 2000, Pgfault = 11, Pgmajfault = 2,
                Psi = new() { Some = new() { Avg10 = 1.5 } },
            },
            MemoryEvents = new() { OomKill = 1 },
            Io = new() { Usage = { new V2.IOEntry { Rbytes = 100, Wbytes = 30, Rios = 4, Wios = 2 }, new V2.IOEntry { Rbytes = 5 } } },
        };

        CtrTaskMetric metric = Decode("io.containerd.cgroups.v2.Metrics", message);

        CtrTaskMetric expected = metric with
        {
            CgroupVersion = 2,
            CpuUsage = TimeSpan.FromSeconds(2),
            CpuUser = TimeSpan.FromSeconds(1.5),
            CpuSystem = TimeSpan.FromSeconds(0.5),
            CpuPeriods = 10,
            CpuThrottledPeriods = 4,
            CpuThrottledTime = TimeSpan.FromMilliseconds(3),
            MemoryUsage = 1000,
            MemoryWorkingSet = 800,
            MemoryLimit = 4000,
            MemoryMaximum = 2000,
            MemoryAnonymous = 600,
            MemoryFile = 350,
            SwapUsage = 300,
            SwapLimit = 2000,
            PageFaults = 11,
            MajorPageFaults = 2,
            OutOfMemoryKills = 1,
            Pids = 3,
            PidsLimit = 50,
            ReadBytes = 105,
            WrittenBytes = 30,
            ReadOperations = 4,
            WriteOperations = 2,
        };
        Assert.Equal(expected, metric);
        Assert.Equal(20.0, metric.MemoryPercent);
        Assert.Equal(1.5, metric.Raw["memory.psi.some.avg10"]);
        Assert.Equal(5UL, metric.Raw["io.usage[1].rbytes"]);
    }

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(5, 0, 0L)]
    [InlineData(0, 5, 0L)]
    public void A_swap_limit_of_0_is_shown_where_swap_is_accounted_for(int used, int most, long? expected)
    {
        CtrTaskMetric metric = Decode(
            "io.containerd.cgroups.v2.Metrics",
            new V2.Metrics { Memory = new() { SwapUsage = (ulong)used, SwapMaxUsage = (ulong)most, SwapLimit = 0 } });

        Assert.Equal(expected, metric.SwapLimit);
    }

    [Fact]
    public void No_limit_is_null()
    {
        CtrTaskMetric v1 = Decode(
            "io.containerd.cgroups.v1.Metrics",
            new V1.Metrics { Pids = new(), Memory = new() { Usage = new() { Limit = UnlimitedInV1 }, Swap = new() { Limit = UnlimitedInV1 } } });
        CtrTaskMetric v2 = Decode(
            "io.containerd.cgroups.v2.Metrics",
            new V2.Metrics { Pids = new() { Limit = ulong.MaxValue }, Memory = new() { UsageLimit = ulong.MaxValue, SwapLimit = ulong.MaxValue } });

        foreach (CtrTaskMetric metric in new[] { v1, v2 })
        {
            Assert.Equal((null, null, null, null), (metric.MemoryLimit, metric.MemoryPercent, metric.SwapLimit, metric.PidsLimit));
        }
    }

    [Fact]
    public void What_is_missing_is_zero_and_nothing_fails()
    {
        Assert.Equal(1, Decode("io.containerd.cgroups.v1.Metrics", new V1.Metrics()).CgroupVersion);
        Assert.Equal(2, Decode("io.containerd.cgroups.v2.Metrics", new V2.Metrics()).CgroupVersion);
        Assert.Equal(0, MetricDecoder.Decode(new Metric { Id = "c1" }, "here", "ns").CgroupVersion);
    }

    [Fact]
    public void An_unknown_type_is_kept_as_it_is()
    {
        CtrTaskMetric metric = Decode("io.example.Other", new V1.Metrics { Pids = new() { Current = 1 } });

        Assert.Equal((0, "io.example.Other"), (metric.CgroupVersion, metric.RawType));
        Assert.Equal([0x12, 2, 8, 1], (byte[])metric.Raw["data"]);
    }

    [Property]
    public bool Rates_are_those_between_two_measurements(uint earlierMilliseconds, ushort usedMilliseconds, ushort passedMilliseconds, ushort read)
    {
        CtrTaskMetric first = At(DateTimeOffset.UnixEpoch, TimeSpan.FromMilliseconds(earlierMilliseconds), 7);
        CtrTaskMetric next = At(
            DateTimeOffset.UnixEpoch.AddMilliseconds(passedMilliseconds), TimeSpan.FromMilliseconds((long)earlierMilliseconds + usedMilliseconds), 7L + read);

        CtrTaskMetric rated = next.Since(first);

        return passedMilliseconds == 0
            ? rated.CpuPercent is null && rated.ReadBytesPerSecond is null
            : Close(rated.CpuPercent, 100.0 * usedMilliseconds / passedMilliseconds) && Close(rated.ReadBytesPerSecond, 1000.0 * read / passedMilliseconds);

        static bool Close(double? rate, double expected) => Math.Abs(rate!.Value - expected) <= 1e-6 * (1 + expected);
    }

    [Fact]
    public void A_task_that_was_started_anew_has_no_rates()
    {
        CtrTaskMetric first = At(DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(5), 0);

        Assert.Null(At(DateTimeOffset.UnixEpoch.AddSeconds(1), TimeSpan.FromSeconds(1), 0).Since(first).CpuPercent);
    }

    private static V1.BlkIOEntry Block(string operation, ulong value) => new() { Op = operation, Value = value };

    private static CtrTaskMetric Decode(string typeUrl, IMessage message) => MetricDecoder.Decode(
        new Metric { Id = "c1", Timestamp = DateTimeOffset.UnixEpoch.ToTimestamp(), Data = new Any { TypeUrl = typeUrl, Value = message.ToByteString() } },
        "here",
        "ns");

    private static CtrTaskMetric At(DateTimeOffset time, TimeSpan cpu, long read) => new()
    {
        ContainerId = "c1",
        Timestamp = time,
        CpuUsage = cpu,
        ReadBytes = read,
        RawType = "",
        Raw = new Dictionary<string, object>(),
        Address = "here",
        Namespace = "ns",
    };
}
