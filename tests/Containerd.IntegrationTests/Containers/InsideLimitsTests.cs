using System.Globalization;
using System.Text.RegularExpressions;
using Containerd.Client;
using Containerd.Client.Oci;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Control group and resource limits.</summary>
public sealed partial class InsideLimitsTests(DaemonFixture daemon) : InsideTests(daemon)
{
    [SkippableFact]
    public async Task Memory_is_limited_in_the_processs_own_control_group()
    {
        var group = await ControlGroupAsync(options => options with { Memory = 64 << 20 });

        Assert.Equal("67108864", group.Read("memory", "memory.limit_in_bytes", "memory.max"));
    }

    [SkippableFact]
    public async Task What_takes_more_memory_than_its_limit_is_killed()
    {
        Skip.If(File.ReadLines("/proc/swaps").Count() > 1, "This machine swaps, which a memory limit alone does not forbid.");
        static ContainerCreateOptions Taking(string size) =>
            Shell($"exec dd if=/dev/zero of=/dev/null bs={size} count=1 2> /dev/null", options => options with { Memory = 32 << 20 });

        Assert.Equal(137, (await RunAsync(Taking("256M"))).ExitCode);
        Assert.Equal(0, (await RunAsync(Taking("4M"))).ExitCode);
    }

    [SkippableTheory]
    [InlineData(1.5, "150000")]
    [InlineData(0.01, "1000")]
    [InlineData(4, "400000")]
    public async Task Processors_become_a_quota_of_a_tenth_of_a_second(double cpus, string quota)
    {
        var group = await ControlGroupAsync(options => options with { Cpus = cpus });

        if (group.IsLegacy("cpu"))
        {
            Assert.Equal(quota, group.Read("cpu", "cpu.cfs_quota_us", ""));
            Assert.Equal("100000", group.Read("cpu", "cpu.cfs_period_us", ""));
        }
        else
        {
            Assert.Equal($"{quota} 100000", group.Read("cpu", "", "cpu.max"));
        }
    }

    [SkippableFact]
    public async Task Nothing_but_the_usual_weight_is_set_unasked()
    {
        var group = await ControlGroupAsync(options => options);

        Assert.Equal(group.IsLegacy("cpu") ? "-1" : "max 100000", group.Read("cpu", "cpu.cfs_quota_us", "cpu.max"));
        Assert.Equal("max", group.Read("pids", "pids.max", "pids.max"));
        if (group.IsLegacy("cpu"))
        {
            Assert.Equal("1024", group.Read("cpu", "cpu.shares", ""));
        }
    }

    [SkippableFact]
    public async Task No_more_processes_are_made_than_allowed()
    {
        const int Limit = 32;
        var id = await RunningAsync(options => options with { PidsLimit = Limit });

        var result = await ExecAsync(id, "sh", "-c", $"cat /proc/self/cgroup; i=0; while [ $i -lt {2 * Limit} ]; do sleep 600 > /dev/null 2>&1 & i=$((i+1)); done");

        var group = new ControlGroup(result.StandardOutput);
        Assert.Contains("can't fork", result.StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal($"{Limit}", group.Read("pids", "pids.max", "pids.max"));
        Assert.InRange(int.Parse(group.Read("pids", "pids.current", "pids.current"), CultureInfo.InvariantCulture), Limit / 2, Limit);
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task The_control_group_is_the_containers_own_in_its_namespace()
    {
        var id = await RunningAsync();

        Assert.Equal($"/{Daemon.Namespace}/{id}", new ControlGroup((await ExecAsync(id, "cat", "/proc/self/cgroup")).StandardOutput).Path);

        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task The_control_group_lies_where_it_was_asked_for()
    {
        var path = $"/{Daemon.Namespace}/of-its-own";

        var output = await OutputAsync("cat /proc/self/cgroup", options => options with { CgroupsPath = path });

        Assert.Equal(path, new ControlGroup(output).Path);
    }

    [SkippableTheory]
    [InlineData(null, "1024\n1024\n")]
    [InlineData("nofile=100:200", "100\n200\n")]
    [InlineData("nofile=300", "300\n300\n")]
    [InlineData("core=0", "1024\n1024\n")]
    public async Task Open_files_are_limited(string? limit, string expected) =>
        Assert.Equal(expected, await OutputAsync("ulimit -Sn; ulimit -Hn", options => options with { Rlimits = limit is null ? [] : [RlimitParser.Parse(limit)] }));

    [SkippableFact]
    public async Task Every_resource_limit_is_set_under_its_own_name()
    {
        // In the order of /proc/self/limits, with the name of each there.
        (string Name, string Title)[] limits =
        [
            ("cpu", "cpu time"), ("fsize", "file size"), ("data", "data size"), ("stack", "stack size"), ("core", "core file size"),
            ("rss", "resident set"), ("nproc", "processes"), ("nofile", "open files"), ("memlock", "locked memory"),
            ("as", "address space"), ("locks", "file locks"), ("sigpending", "pending signals"), ("msgqueue", "msgqueue size"),
            ("nice", "nice priority"), ("rtprio", "realtime priority"), ("rttime", "realtime timeout"),
        ];
        // Enough for the runtime itself, and not above what this machine allows: the daemon may lack the capability to raise a limit.
        var allowed = (await File.ReadAllLinesAsync("/proc/self/limits")).Skip(1)
            .Select(line => long.TryParse(line[47..68].Trim(), CultureInfo.InvariantCulture, out var hard) ? hard : long.MaxValue).ToArray();
        string[] values = [.. limits.Select((limit, i) => Math.Min(allowed[i], limit.Name == "nofile" ? 5000 : (1L << 36) + (4096 * i)))
            .Select(hard => $"{Math.Max(hard - 1, 0)}:{hard}")];

        var lines = await LinesAsync("cat /proc/self/limits", options => options with
        {
            Rlimits = [.. limits.Select((limit, i) => RlimitParser.Parse($"{limit.Name}={values[i]}"))],
        });

        Assert.Equal(
            limits.Select((limit, i) => $"Max {limit.Title} {values[i].Replace(':', ' ')}"),
            lines.Skip(1).Select(line => Unit().Replace(Spaces().Replace(line.Trim(), " "), "")));
    }

    [SkippableFact]
    public async Task An_unlimited_resource_is_unlimited() =>
        Assert.Equal("unlimited\nunlimited\n", await OutputAsync("ulimit -Sc; ulimit -Hc", options => options with { Rlimits = [RlimitParser.Parse("core=unlimited")] }));

    private async Task<ControlGroup> ControlGroupAsync(Func<ContainerSpecOptions, ContainerSpecOptions> specify)
    {
        var id = await RunningAsync(specify);
        return new((await ExecAsync(id, "cat", "/proc/self/cgroup")).StandardOutput);
    }

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();

    [GeneratedRegex(" [a-z]+$")]
    private static partial Regex Unit();
}
