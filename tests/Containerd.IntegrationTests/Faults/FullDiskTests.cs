using System.Diagnostics;
using Containerd.Client;
using Containerd.IntegrationTests.Images;

namespace Containerd.IntegrationTests.Faults;

/// <summary>A disk of the daemon that is full is a clear error, and what was begun on it is gone.</summary>
public sealed class FullDiskTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(90);

    [SkippableFact]
    public async Task An_import_to_a_full_content_store_fails_and_leaves_no_ingest()
    {
        await FailsOnAsync("io.containerd.content.v1.content", ["ingest", "blobs"], "content");
    }

    [SkippableFact]
    public async Task An_import_to_a_full_snapshotter_fails_and_leaves_no_snapshot()
    {
        await FailsOnAsync("io.containerd.snapshotter.v1.overlayfs/snapshots", [], "snapshots");
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_checkpoint_on_a_full_content_store_fails_and_the_task_runs_on(bool exit)
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        var id = $"full-{exit}";

        // More than fits, in the shell's memory.
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = id, Command = ["sh", "-c", "a=$(head -c 3000000 /dev/urandom | base64); echo ready > /ready; while :; do sleep 1; done"] },
        });
        await client.Tasks.StartAsync(id, DetachedOutput.None);
        await client.Tasks.ExecAsync(id, new() { Command = ["sh", "-c", "until [ -s /ready ]; do usleep 10000; done"] }).WaitAsync(s_hang);
        var path = Path.Combine(daemon.Root, "io.containerd.content.v1.content");
        var saved = Path.Combine(daemon.Directory, id);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
        try
        {
            Directory.CreateDirectory(Path.Combine(path, "ingest"));
            Directory.CreateDirectory(Path.Combine(path, "blobs"));

            var error = await Assert.ThrowsAsync<CtrException>(
                () => client.Checkpoints.SaveAsync(id, saved, new CheckpointOptions { Exit = exit }).WaitAsync(s_hang));

            Assert.Equal(("DiskFull", CtrErrorKind.ResourceExhausted), (error.ErrorId, error.Kind));
            Assert.False(Path.Exists(saved));
        }
        finally
        {
            await RunAsync("umount", "--lazy", path);
        }

        Assert.Equal(CtrTaskStatus.Running, (await client.Tasks.GetAsync(id)).Status);
        await client.Checkpoints.SaveAsync(id, saved, new CheckpointOptions { Exit = exit }).WaitAsync(s_hang);
        await client.Tasks.ForceDeleteAsync(id).WaitAsync(s_hang);
        await client.Checkpoints.StartAsync(id, saved, DetachedOutput.None).WaitAsync(s_hang);
        await client.Tasks.ForceDeleteAsync(id).WaitAsync(s_hang);
    }

    private async Task FailsOnAsync(string below, string[] directories, string @namespace)
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect(@namespace);
        var path = Path.Combine(daemon.Root, below);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
        try
        {
            foreach (var directory in directories)
            {
                Directory.CreateDirectory(Path.Combine(path, directory));
            }

            var error = await Assert.ThrowsAsync<CtrException>(() => client.Images.ImportAsync(Archive()).WaitAsync(s_hang));

            Assert.Equal(("DiskFull", CtrErrorKind.ResourceExhausted), (error.ErrorId, error.Kind));
            Assert.Contains("no space left on device", error.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories));
        }
        finally
        {
            await RunAsync("umount", "--lazy", path);
        }

        await client.Images.ImportAsync(Archive()).WaitAsync(s_hang);
    }

    // More than fits, and nothing that compresses.
    private static MemoryStream Archive()
    {
        var content = new byte[3 << 20];
        new Random(3).NextBytes(content);
        var builder = new OciArchiveBuilder();
        builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, OciArchiveBuilder.Layer("file", content)), "example.com/large:1");
        return new MemoryStream(builder.ToArray());
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        await process.WaitForExitAsync().WaitAsync(s_hang);
        Assert.Equal(0, process.ExitCode);
    }
}
