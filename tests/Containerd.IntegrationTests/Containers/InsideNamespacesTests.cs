namespace Containerd.IntegrationTests.Containers;

/// <summary>Namespaces of the kernel: host name and network.</summary>
public sealed class InsideNamespacesTests(DaemonFixture daemon) : InsideTests(daemon)
{
    [SkippableFact]
    public async Task A_container_has_namespaces_of_its_own_but_for_users()
    {
        var inside = await NamespacesAsync(hostNetwork: false);

        Assert.All(["ipc", "mnt", "net", "pid", "uts"], name => Assert.NotEqual(OfHost(name), inside[name]));
        Assert.Equal(OfHost("user"), inside["user"]);
    }

    [SkippableFact]
    public async Task The_hosts_network_is_shared_when_it_is_asked_for_and_nothing_else()
    {
        var inside = await NamespacesAsync(hostNetwork: true);

        Assert.Equal(OfHost("net"), inside["net"]);
        Assert.All(["ipc", "mnt", "pid", "uts"], name => Assert.NotEqual(OfHost(name), inside[name]));
    }

    [SkippableFact]
    public async Task With_the_hosts_network_come_its_files_and_its_name()
    {
        var output = await OutputAsync("cat /etc/hosts /etc/resolv.conf; echo $HOSTNAME", options => options with { HostNetwork = true });

        Assert.Equal(
            await File.ReadAllTextAsync("/etc/hosts") + await File.ReadAllTextAsync("/etc/resolv.conf") + Environment.MachineName + "\n", output);
    }

    [SkippableFact]
    public async Task A_network_of_its_own_has_no_way_out()
    {
        var lines = await LinesAsync("cat /proc/net/route; ip -o link | grep -v 'link/\\(loopback\\|ipip\\|sit\\|gre\\|tunnel6\\|none\\)' | cat");

        Assert.Single(lines);
        Assert.StartsWith("Iface", lines[0], StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_host_name_is_the_one_that_was_given_and_the_hosts_stays()
    {
        var before = Environment.MachineName;

        Assert.Equal("box.test\n", await OutputAsync("hostname", options => options with { Hostname = "box.test" }));
        Assert.Equal(before + "\n", await OutputAsync("hostname"));
        Assert.Equal(before, (await File.ReadAllTextAsync("/proc/sys/kernel/hostname")).Trim());
    }

    [SkippableFact]
    public async Task Only_the_containers_processes_are_seen() =>
        Assert.Equal(["1"], await LinesAsync("cd /proc; for pid in [0-9]*; do echo $pid; done"));

    private static string OfHost(string name) => new FileInfo($"/proc/self/ns/{name}").LinkTarget!;

    private async Task<Dictionary<string, string>> NamespacesAsync(bool hostNetwork) =>
        (await LinesAsync("for name in ipc mnt net pid user uts; do readlink /proc/self/ns/$name; done", options => options with { HostNetwork = hostNetwork }))
        .ToDictionary(line => line.Split(':')[0]);
}
