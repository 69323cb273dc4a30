using System.Runtime.Versioning;
using Containerd.Client;

namespace Containerd.IntegrationTests.Containers;

/// <summary>What a create makes: record, snapshot and directory; what it refuses is in <see cref="ContainerCreateFailureTests"/>.</summary>
public sealed class ContainerCreateTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    [SkippableFact]
    [SupportedOSPlatform("linux")]
    public async Task A_container_is_made_as_it_was_asked_for()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);

        var made = await client.Containers.CreateAsync(PrivateClient.Sleeper("asked") with
        {
            Image = "busybox",
            Labels = new Dictionary<string, string> { ["app"] = "web", ["a b"] = "c\"d\\e" },
            StopSignal = "int",
        });

        Assert.Equal(PrivateClient.Image, made.Image);
        Assert.Equal("io.containerd.runc.v2", made.Runtime);
        Assert.Equal("asked", made.SnapshotKey);
        Assert.Equal("web", made.Labels["app"]);
        Assert.Equal("c\"d\\e", made.Labels["a b"]);
        Assert.Equal("SIGINT", made.Labels["io.containerd.image.config.stop-signal"]);
        Assert.Equal(["asked"], client.Bundles);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(made.Labels["com.docker/engine.bundle.path"]));
        Assert.Equal(made.Labels, (await client.Containers.GetAsync("asked")).Labels);
        Assert.Contains("asked", await daemon.RunCtrAsync("snapshots", "--snapshotter", made.Snapshotter, "list"));
        Assert.Empty(await daemon.RunCtrAsync("leases", "list", "--quiet"));
        await client.Containers.DeleteAsync("asked");
    }

    [SkippableFact]
    public async Task The_snapshot_outlives_the_garbage_collector_and_the_container_runs()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        await client.Containers.CreateAsync(PrivateClient.Sleeper("collected"));

        await daemon.RunCtrAsync("leases", "create", "--id", "collect");
        await daemon.RunCtrAsync("leases", "delete", "--sync", "collect");

        Assert.Equal(CtrTaskStatus.Running, (await client.Client.Tasks.StartAsync("collected")).Status);
        await client.Containers.DeleteAsync("collected", force: true);
    }

    [SkippableFact]
    public async Task An_image_that_is_not_unpacked_is_unpacked_for_the_snapshotter()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        Assert.False(await client.Client.Images.IsUnpackedAsync(PrivateClient.Image, "native"));

        var made = await client.Containers.CreateAsync(PrivateClient.Sleeper("native") with { Snapshotter = "native" });

        Assert.Equal("native", made.Snapshotter);
        Assert.True(await client.Client.Images.IsUnpackedAsync(PrivateClient.Image, "native"));
        await client.Containers.DeleteAsync("native");
    }

    [SkippableFact]
    public async Task Runtime_options_are_stored_under_the_bare_name_that_the_daemon_knows()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);

        await client.Containers.CreateAsync(PrivateClient.Sleeper("options") with
        {
            RuntimeOptions = new Dictionary<string, object?> { ["BinaryName"] = "runc", ["systemd_cgroup"] = false, ["NoPivotRoot"] = true },
        });

        var message = await client.Containers.GetMessageAsync("options", default);
        Assert.Equal("containerd.runc.v1.Options", message.Runtime.Options.TypeUrl);
        var stored = RuntimeOptions.Parse(message.Runtime.Options);
        Assert.Equal("runc", stored.BinaryName);
        Assert.True(stored.NoPivotRoot);
        Assert.Equal(CtrTaskStatus.Running, (await client.Client.Tasks.StartAsync("options")).Status);
        await client.Containers.DeleteAsync("options", force: true);
    }

    [SkippableFact]
    public async Task A_directory_serves_as_the_root_file_system_without_a_snapshot()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        var root = Directory.CreateDirectory(Path.Combine(client.StateDirectory, "root"));
        Directory.CreateDirectory(Path.Combine(root.FullName, "etc"));
        await File.WriteAllTextAsync(Path.Combine(root.FullName, "etc", "passwd"), "app:x:1000:1001::/:/bin/sh\n");

        var made = await client.Containers.CreateAsync(new()
        {
            SpecOptions = new() { Id = "directory", Command = ["true"], RootFsPath = root.FullName, User = "app" },
        });

        var spec = await client.Containers.GetSpecAsync("directory");
        Assert.Equal("", made.SnapshotKey);
        Assert.Equal(root.FullName, spec.Root!.Path);
        Assert.Equal(1000u, spec.Process!.User.Uid);
        Assert.Equal(1001u, spec.Process.User.Gid);
        await client.Containers.DeleteAsync("directory");
    }

    [SkippableFact]
    public async Task An_edited_spec_is_stored_as_it_is_and_gets_its_own_control_group()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        var spec = await client.Containers.GenerateSpecAsync(
            new() { Id = "template", Command = ["sleep", "1"], CgroupsPath = "" }, PrivateClient.Image);
        spec.Hostname = "edited";

        await client.Containers.CreateAsync(PrivateClient.Sleeper("edited") with { Spec = spec });

        var stored = await client.Containers.GetSpecAsync("edited");
        Assert.Equal("edited", stored.Hostname);
        Assert.Equal(["sleep", "1"], stored.Process!.Args);
        Assert.Equal($"/{daemon.Namespace}/edited", stored.Linux!.CgroupsPath);
        Assert.Null(spec.Linux!.CgroupsPath);
        await client.Containers.DeleteAsync("edited");
    }

    [SkippableFact]
    public async Task An_existing_snapshot_serves_and_is_not_made_anew()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        var first = await client.Containers.CreateAsync(PrivateClient.Sleeper("first"));
        await client.Containers.DeleteAsync("first", keepSnapshot: true);

        var second = await client.Containers.CreateAsync(PrivateClient.Sleeper("second") with { SnapshotKey = "first" });

        Assert.Equal("first", second.SnapshotKey);
        await client.Containers.DeleteAsync("second");
        Assert.DoesNotContain("first", await daemon.RunCtrAsync("snapshots", "--snapshotter", first.Snapshotter, "list"));
    }

    [SkippableFact]
    public async Task Fifty_containers_are_made_at_once()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        string[] ids = [.. Enumerable.Range(0, 50).Select(i => $"many-{i:00}")];

        await Task.WhenAll(ids.Select(id => client.Containers.CreateAsync(PrivateClient.Sleeper(id))));

        Assert.Equal(ids, await client.IdsAsync());
        await Task.WhenAll(ids.Select(id => client.Containers.DeleteAsync(id)));
        Assert.Empty(client.Bundles);
        Assert.Empty(await daemon.RunCtrAsync("leases", "list", "--quiet"));
    }
}
