using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>
/// A daemon that was killed between making a snapshot's directory and keeping a record of it finds the directory in its way.
/// </summary>
public sealed class OrphanedSnapshotTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    [SkippableFact]
    public async Task A_directory_that_a_killed_daemon_left_is_in_nobodys_way()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = "before", Command = ["true"] } });
        var snapshots = Path.Combine(
            daemon.Root, $"io.containerd.snapshotter.v1.{(await client.Containers.GetAsync("before")).Snapshotter}", "snapshots");
        var last = Directory.EnumerateDirectories(snapshots).Max(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0);
        Directory.CreateDirectory(Path.Combine(snapshots, $"{last + 1}", "fs"));

        await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = "after", Command = ["true"] } });
        Assert.Equal(0, (await RunAsync(client, "after")).ExitCode);
    }

    private static async Task<CtrExitStatus> RunAsync(ContainerdClient client, string id)
    {
        await using var process = await client.Tasks.StartAttachedAsync(id);
        return await process.CompleteAsync();
    }
}
