using Containerd.Client;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Users, groups and privileges.</summary>
public sealed class InsideIdentityTests(DaemonFixture daemon) : InsideTests(daemon)
{
    [SkippableTheory]
    [InlineData(null, "0 0 0")]
    [InlineData("app", "1000 1000 1000 2000")]
    [InlineData("1000", "1000 1000 1000 2000")]
    [InlineData("app:extra", "1000 2000 2000")]
    [InlineData("app:daemon", "1000 1 1 2000")]
    [InlineData("1000:1000", "1000 1000 1000 2000")]
    [InlineData("1000:extra", "1000 2000 2000")]
    [InlineData("4000", "4000 0 0")]
    [InlineData("4000:5000", "4000 5000 5000")]
    [InlineData("root:app", "0 1000 1000")]
    public async Task The_process_runs_as_the_user_that_is_named_with_its_groups(string? user, string ids) =>
        Assert.Equal(ids + "\n", await OutputAsync("echo $(id -u) $(id -g) $(id -G)", options => options with { User = user }));

    // Bits by number, see capabilities(7): CHOWN 0, KILL 5, NET_ADMIN 12, SYS_TIME 25.
    [SkippableTheory]
    [InlineData("", "", 0xa80425fb)]
    [InlineData("NET_ADMIN", "", 0xa80435fb)]
    [InlineData("cap_net_admin SYS_TIME", "CHOWN", 0xaa0435fa)]
    [InlineData("", "CAP_CHOWN kill", 0xa80425da)]
    [InlineData("", "ALL", 0)]
    [InlineData("KILL", "all", 1 << 5)]
    public async Task Capabilities_are_exactly_those_that_are_asked_for(string add, string drop, long expected)
    {
        var sets = await CapabilitiesAsync(add, drop);

        Assert.All(["CapPrm", "CapEff", "CapBnd"], set => Assert.Equal(expected, sets[set]));
        Assert.All(["CapInh", "CapAmb"], set => Assert.Equal(0, sets[set]));
    }

    [SkippableFact]
    public async Task All_capabilities_are_the_hosts_but_for_those_taken_away()
    {
        var host = Sets(await File.ReadAllLinesAsync("/proc/self/status"))["CapEff"];

        Assert.Equal(host, (await CapabilitiesAsync("ALL", ""))["CapEff"]);
        Assert.Equal(host & ~1L, (await CapabilitiesAsync("ALL", "CHOWN"))["CapEff"]);
    }

    [SkippableFact]
    public async Task A_capability_that_is_taken_away_is_missed()
    {
        var (_, error, code) = await RunAsync(Shell("chown 1:1 /tmp", options => options with { CapabilityDrop = ["CHOWN"] }));

        Assert.Equal(1, code);
        Assert.Contains("Operation not permitted", error, StringComparison.Ordinal);
        await OutputAsync("chown 1:1 /tmp");
    }

    [SkippableFact]
    public async Task A_user_other_than_root_has_none_in_effect()
    {
        var sets = Sets(await LinesAsync("cat /proc/self/status", options => options with { User = "app" }));

        Assert.Equal(0, sets["CapEff"]);
        Assert.Equal(0xa80425fb, sets["CapBnd"]);
    }

    [SkippableFact]
    public async Task No_process_gains_privileges() =>
        Assert.Contains("NoNewPrivs:\t1", await LinesAsync("cat /proc/self/status"));

    [SkippableFact]
    public async Task A_privileged_process_has_the_hosts_capabilities_devices_and_paths()
    {
        var host = Sets(await File.ReadAllLinesAsync("/proc/self/status"))["CapEff"];

        var lines = await LinesAsync(
            "cat /proc/self/status /proc/self/mounts; find /dev -type b -o -type c", options => options with { Privileged = true });

        Assert.Equal(host, Sets(lines)["CapEff"]);
        Assert.Contains(lines, line => line.StartsWith("sysfs /sys sysfs rw,", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains(" /proc/", StringComparison.Ordinal) || line.Contains(" /sys/", StringComparison.Ordinal));
        Assert.Superset(HostDevices(), lines.ToHashSet());
    }

    private async Task<Dictionary<string, long>> CapabilitiesAsync(string add, string drop) => Sets(await LinesAsync(
        "cat /proc/self/status",
        options => options with
        {
            CapabilityAdd = add.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            CapabilityDrop = drop.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        }));

    private static Dictionary<string, long> Sets(IEnumerable<string> status) => status
        .Where(line => line.StartsWith("Cap", StringComparison.Ordinal))
        .Select(line => line.Split(":\t"))
        .ToDictionary(parts => parts[0], parts => Convert.ToInt64(parts[1], 16));

    private static HashSet<string> HostDevices() =>
        [.. Directory.EnumerateFiles("/dev").Where(path => path != "/dev/console" && new FileInfo(path) is { LinkTarget: null, Attributes: var a } && a.HasFlag(FileAttributes.Device))];
}
