namespace Containerd.IntegrationTests;

public sealed class DaemonFixtureTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    [SkippableFact]
    public async Task Ctr_reaches_the_private_daemon_and_tells_its_version()
    {
        daemon.Require();

        var output = await daemon.RunCtrAsync("version");

        var server = output[output.IndexOf("Server:", StringComparison.Ordinal)..];
        Assert.Matches($@"Version:\s+v?{daemon.Version.Major}\.{daemon.Version.Minor}\.", server);
    }

    [SkippableFact]
    public async Task What_a_class_leaves_in_its_namespace_is_removed_with_the_namespace()
    {
        daemon.Require();
        var other = new DaemonFixture();
        await other.RunCtrAsync("images", "import", Path.Combine(other.ImagesDirectory, "busybox.tar"));
        await other.RunCtrAsync("run", "--detach", "--null-io", "docker.io/library/busybox:latest", "left", "sleep", "600");

        await other.DisposeAsync();

        Assert.DoesNotContain(other.Namespace, await daemon.RunCtrAsync("namespaces", "list", "--quiet"));
    }
}
