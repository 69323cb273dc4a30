using System.Globalization;
using Containerd.Client;
using Containerd.IntegrationTests.Tasks;

namespace Containerd.IntegrationTests.Checkpoints;

/// <summary>Counts the memory of the whole process, so nothing else runs meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class LargeCheckpointTests(DaemonFixture daemon) : CheckpointTests(daemon)
{
    private const long Large = 1L << 30;
    private const long Smaller = 256L << 20;
    private const long Growth = 64L << 20;

    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(5);

    [SkippableFact]
    public async Task A_large_checkpoint_flows_by_when_it_is_saved_and_when_it_is_restored()
    {
        var id = await TaskWithAsync(Large);
        var path = NewPath();
        CtrCheckpoint? checkpoint = null;

        var saving = await ResidentMemory.GrowthAsync(async () =>
            checkpoint = await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(s_hang));
        var restoring = await ResidentMemory.GrowthAsync(() => Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(s_hang));

        Console.WriteLine($"{checkpoint!.Size!.Value >> 20} MiB: saving grew by {saving >> 20} MiB, restoring by {restoring >> 20}");
        Assert.InRange(checkpoint.Size.Value, Large, 2 * Large);
        Assert.InRange(saving, 0, Growth);
        Assert.InRange(restoring, 0, Growth);
        await ExecAsync(id, "sh", "-c", "touch /go; until [ -s /rest ]; do usleep 20000; done");
        var rest = (await ExecAsync(id, "cat", "/rest")).StandardOutput;
        Assert.Equal(Large - 1, long.Parse(rest, CultureInfo.InvariantCulture));
    }

    [SkippableFact]
    public async Task What_the_daemon_loses_of_a_checkpoint_while_it_is_read_is_no_fault_of_the_caller_s()
    {
        var id = await TaskWithAsync(Smaller);
        var path = NewPath();
        var blobs = Path.Combine(Daemon.Root, "io.containerd.content.v1.content/blobs/sha256");
        using var watcher = new FileSystemWatcher(blobs) { EnableRaisingEvents = true };
        watcher.Created += (_, file) => Truncate(file.FullPath);
        watcher.Renamed += (_, file) => Truncate(file.FullPath);

        var error = await Assert.ThrowsAsync<CtrException>(() => Checkpoints.SaveAsync(id, path).WaitAsync(Hang));

        Assert.True(("CheckpointUnreadable", CtrErrorKind.Unknown) == (error.ErrorId, error.Kind), $"{error.ErrorId} ({error.Kind}): {error.Message}");
        Assert.False(Path.Exists(path));
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
        await Daemon.Client.Containers.DeleteAsync(id, force: true).WaitAsync(Hang);
    }

    /// <summary>A task with much memory.</summary>
    private async Task<string> TaskWithAsync(long memory)
    {
        // dd holds all of it, which nothing compresses, while it waits for the reader, who takes a byte only until it is told.
        var id = await ContainerAsync("sh", "-c", string.Create(CultureInfo.InvariantCulture,
            $"dd if=/dev/urandom bs={memory} count=1 iflag=fullblock | {{ dd bs=1 count=1 of=/first; until [ -e /go ]; do usleep 20000; done; wc -c > /rest; sleep 1000; }}"));
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until [ -s /first ]; do usleep 20000; done");
        return id;
    }

    // Read only, as the daemon leaves it, means nothing to root.
    private static void Truncate(string blob)
    {
        if (new FileInfo(blob).Length > Smaller)
        {
            using var file = new FileStream(blob, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(1 << 20);
        }
    }
}
