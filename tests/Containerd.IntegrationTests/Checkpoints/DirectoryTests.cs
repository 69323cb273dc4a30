using System.Globalization;
using Containerd.Client;

namespace Containerd.IntegrationTests.Checkpoints;

public sealed class DirectoryTests(DaemonFixture daemon) : CheckpointTests(daemon)
{
    [SkippableFact]
    public async Task Open_files_go_on_where_they_were()
    {
        // The shell reads byte by byte, so the offset is behind the line that it has read. It never begins anew.
        const string Script = """
            [ ! -e /ready ] || exit 1
            printf '1\n2\n3\n' > /in
            exec 3< /in 4> /out
            read line <&3; echo "first $line" >&4
            touch /ready
            until [ -e /go ]; do usleep 10000; done
            read line <&3; echo "then $line" >&4
            exec 3<&- 4>&-
            touch /done
            while :; do sleep 1; done
            """;
        var id = await ContainerAsync("sh", "-c", Script);
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until [ -e /ready ]; do usleep 10000; done");
        var before = await DescriptorsAsync(id);
        var path = NewPath();
        await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);
        await Tasks.DeleteAsync(id).WaitAsync(Hang);

        await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);

        Assert.Contains("/in", before);
        Assert.Equal(before, await DescriptorsAsync(id));
        await ExecAsync(id, "sh", "-c", "touch /go; until [ -e /done ]; do usleep 10000; done");
        Assert.Equal("first 1\nthen 2\n", (await ExecAsync(id, "cat", "/out")).StandardOutput);
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
    }

    [SkippableFact]
    public async Task A_task_runs_on_after_its_checkpoint_and_another_time_goes_on_from_it()
    {
        var id = await CountingAsync();
        var blobs = await BlobsAsync();
        var path = NewPath();

        var checkpoint = await Checkpoints.SaveAsync(id, path).WaitAsync(Hang);

        Assert.Equal((CtrCheckpointKind.Directory, path, id, Image), (checkpoint.Kind, checkpoint.Location, checkpoint.ContainerId, checkpoint.Image));
        Assert.Equal(new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), checkpoint.Size);
        Assert.Equal(blobs, await BlobsAsync());
        await CountBeyondAsync(id, await CountAsync(id) + 20);
        await Tasks.StopAsync(id, 9, TimeSpan.Zero, true).WaitAsync(Hang);

        var task = await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);

        Assert.Equal(CtrTaskStatus.Running, task.Status);
        Assert.Equal(task.Pid, (await Tasks.GetAsync(id)).Pid);
        Assert.Equal(blobs, await BlobsAsync());
        await AssertGoesOnAsync(id);
    }

    [SkippableFact]
    public async Task A_task_ends_with_its_checkpoint_where_that_is_wanted()
    {
        var id = await CountingAsync();
        var waiting = Tasks.WaitAsync(id);
        var path = NewPath();

        await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);

        await waiting.WaitAsync(Hang);
        Assert.Equal(CtrTaskStatus.Stopped, (await Tasks.GetAsync(id)).Status);
        await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_empty_directory_that_is_there_may_be_a_link_or_a_disk_of_its_own_and_is_emptied(bool disk)
    {
        var id = await CountingAsync();
        var path = NewPath();
        var target = disk ? path : NewPath();
        Directory.CreateDirectory(target);
        await (disk ? RunAsync("mount", "-t", "tmpfs", "tmpfs", path) : RunAsync("ln", "-s", target, path));
        try
        {
            var checkpoint = await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);

            Assert.True(File.Exists(Path.Combine(target, CheckpointArchive.Inventory)));
            Assert.Empty(Directory.EnumerateFileSystemEntries(target, ".*"));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, ModeOf(target));
            await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
            await AssertGoesOnAsync(id);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);

            await Checkpoints.RemoveAsync(checkpoint);
            Assert.True(Directory.Exists(path));
            Assert.Empty(Directory.EnumerateFileSystemEntries(target));
        }
        finally
        {
            if (disk)
            {
                await RunAsync("umount", "--lazy", path);
            }
        }
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    [SkippableFact]
    public async Task A_task_of_runtime_v1_is_saved_and_goes_on()
    {
        RequireRuntime(RuntimeV1);
        var id = await CountingAsync(RuntimeV1);
        var (path, imagePath) = (NewPath(), NewPath());

        await Checkpoints.SaveToImagePathAsync(id, imagePath).WaitAsync(Hang);
        await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);

        await RemoveAsync();
        await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);
        await RemoveAsync();
        await Checkpoints.StartFromImagePathAsync(id, imagePath, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);

        // When the daemon reaps a shim of runtime v1, it cleans up whichever task has the id by then: the next one, too.
        async Task RemoveAsync()
        {
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
            await UntilAsync(() => Task.FromResult(!CommandLines().Any(line => line.Contains("containerd-shim", StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal))));
        }
    }

    [SkippableFact]
    public async Task A_checkpoint_is_taken_twice_of_an_unchanged_container()
    {
        var id = await CountingAsync();
        await Checkpoints.SaveAsync(id, NewPath()).WaitAsync(Hang);
        // Keeps the spec in the content store, as a checkpoint image does.
        await Daemon.RunCtrAsync("tasks", "checkpoint", id);
        var path = NewPath();

        await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);

        await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);
    }

    [SkippableFact]
    public async Task A_restored_task_is_attached_to_and_its_open_pipe_survives()
    {
        // The reader has read a part of what the writer wrote before the checkpoint, through a pipe within the container.
        var id = await ContainerAsync(
            "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; usleep 20000; done | while read n; do echo got $n; done");
        var process = await Tasks.StartAttachedAsync(id).WaitAsync(Hang);
        var path = NewPath();
        int last;
        await using (process)
        {
            await using var lines = process.ReadLinesAsync().GetAsyncEnumerator();
            last = await ReadBeyondAsync(lines, 20);
            await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);
            while (await lines.MoveNextAsync().AsTask().WaitAsync(Hang))
            {
                last = NumberOf(lines.Current);
            }
        }

        var restored = await Checkpoints.StartAttachedAsync(id, path).WaitAsync(Hang);
        await using (restored)
        {
            await using var lines = restored.ReadLinesAsync().GetAsyncEnumerator();
            await lines.MoveNextAsync().AsTask().WaitAsync(Hang);
            Assert.Equal(last + 1, NumberOf(lines.Current));
            await ReadBeyondAsync(lines, last + 20);
        }
    }

    [SkippableFact]
    public async Task CRIU_writes_to_and_reads_from_a_directory_of_the_daemons_host_itself()
    {
        var id = await CountingAsync();
        var blobs = await BlobsAsync();
        var path = NewPath();

        var checkpoint = await Checkpoints.SaveToImagePathAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);

        Assert.Equal((CtrCheckpointKind.ImagePath, path), (checkpoint.Kind, checkpoint.Location));
        Assert.Equal(blobs, await BlobsAsync());
        await Checkpoints.StartFromImagePathAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);
    }

    [SkippableFact]
    public async Task A_paused_task_is_saved_and_stays_paused()
    {
        var id = await CountingAsync();
        await Daemon.RunCtrAsync("tasks", "pause", id);
        var path = NewPath();

        await Checkpoints.SaveAsync(id, path).WaitAsync(Hang);

        Assert.Equal(CtrTaskStatus.Paused, (await Tasks.GetAsync(id)).Status);
        await Daemon.RunCtrAsync("tasks", "resume", id);
        await Tasks.StopAsync(id, 9, TimeSpan.Zero, true).WaitAsync(Hang);
        await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);
    }

    [SkippableFact]
    public async Task A_task_with_a_terminal_is_restored_with_one()
    {
        var id = await ContainerAsync(
            options => options with { Terminal = true }, ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; usleep 20000; done"]);
        var process = await Tasks.StartAttachedAsync(id).WaitAsync(Hang);
        var path = NewPath();
        int last;
        await using (process)
        {
            await using var lines = process.ReadLinesAsync().GetAsyncEnumerator();
            last = await ReadBeyondAsync(lines, 20);
            await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);
        }

        var restored = await Checkpoints.StartAttachedAsync(id, path).WaitAsync(Hang);
        await using (restored)
        {
            await using var lines = restored.ReadLinesAsync().GetAsyncEnumerator();
            await ReadBeyondAsync(lines, last + 5);
        }
    }

    private static async Task<int> ReadBeyondAsync(IAsyncEnumerator<CtrOutputLine> lines, int number)
    {
        while (await lines.MoveNextAsync().AsTask().WaitAsync(Hang))
        {
            if (NumberOf(lines.Current) is var read && read > number)
            {
                return read;
            }
        }

        throw new InvalidOperationException($"The output ended before {number}.");
    }

    private static int NumberOf(CtrOutputLine line) =>
        int.Parse(line.Text.Trim().Split(' ')[^1], CultureInfo.InvariantCulture);

    /// <summary>What the first process has as descriptors 3 and 4: file, offset and flags.</summary>
    private async Task<string> DescriptorsAsync(string id) => (await ExecAsync(
        id, "sh", "-c", "for fd in 3 4; do readlink /proc/1/fd/$fd; grep -E '^(pos|flags):' /proc/1/fdinfo/$fd; done")).StandardOutput;
}
