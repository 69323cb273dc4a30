using Containerd.Client.Oci;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Devices: those that are there, and what may be done with them.</summary>
public sealed class InsideDevicesTests(DaemonFixture daemon) : InsideTests(daemon)
{
    private const string List = "find /dev -type b -o -type c | sort | xargs stat -c '%n %F %t,%T'";

    private static readonly string[] s_usual =
    [
        "/dev/full character special file 1,7", "/dev/null character special file 1,3", "/dev/pts/ptmx character special file 5,2",
        "/dev/random character special file 1,8", "/dev/tty character special file 5,0", "/dev/urandom character special file 1,9",
        "/dev/zero character special file 1,5",
    ];

    [SkippableFact]
    public async Task The_usual_devices_are_there_and_no_others() => Assert.Equal(s_usual, await LinesAsync(List));

    [SkippableFact]
    public async Task A_device_is_added_under_its_name_with_the_hosts_numbers_and_mode()
    {
        var lines = await LinesAsync(
            List + "; stat -c %a /dev/naught; head -c 3 /dev/naught | od -An -tx1",
            options => options with { Devices = [DeviceParser.Parse("/dev/zero:/dev/naught")] });

        Assert.Equal([.. s_usual, "/dev/naught character special file 1,5"], lines[..^2].Order(StringComparer.Ordinal).OrderBy(line => line.Contains("naught", StringComparison.Ordinal)));
        Assert.Equal(["666", " 00 00 00"], lines[^2..]);
    }

    [SkippableFact]
    public async Task A_device_may_be_used_as_far_as_it_was_allowed()
    {
        Skip.IfNot(File.Exists("/dev/kmsg"), "This machine has no /dev/kmsg.");

        var (output, error, _) = await RunAsync(Shell(
            ": < /dev/log && echo read; : > /dev/log && echo written",
            options => options with { Devices = [DeviceParser.Parse("/dev/kmsg:/dev/log:r")], CapabilityAdd = ["SYSLOG"] }));

        Assert.Equal("read\n", output);
        Assert.Contains("Operation not permitted", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_device_that_was_not_given_cannot_be_used_though_its_node_can_be_made()
    {
        var (_, error, code) = await RunAsync(Shell("mknod /tmp/log c 1 11; : < /tmp/log"));

        Assert.NotEqual(0, code);
        Assert.Contains("Operation not permitted", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_directory_of_devices_is_given_whole()
    {
        Skip.IfNot(File.Exists("/dev/net/tun"), "This machine has no /dev/net/tun.");

        Assert.Equal(
            "character special file a,c8\n",
            await OutputAsync("stat -c '%F %t,%T' /dev/net/tun", options => options with { Devices = [DeviceParser.Parse("/dev/net")] }));
    }
}
