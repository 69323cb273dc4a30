using Containerd.Client;

namespace Containerd.IntegrationTests.Checkpoints;

public sealed class CheckpointFailureTests(DaemonFixture daemon) : CheckpointTests(daemon)
{
    [SkippableFact]
    public async Task What_CRIU_cannot_save_is_an_error_with_the_end_of_its_log_and_the_task_runs_on()
    {
        // A socket that listens.
        var id = await ContainerAsync("sh", "-c", "exec nc -l -p 5555");
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until netstat -ltn | grep -q :5555; do usleep 10000; done");
        var blobs = await BlobsAsync();
        var path = NewPath();

        var message = await AssertErrorAsync("CheckpointFailed", CtrErrorKind.FailedPrecondition, () => Checkpoints.SaveAsync(id, path));

        Assert.Contains("Dumping FAILED", message);
        Assert.False(Path.Exists(path));
        Assert.Equal(blobs, await BlobsAsync());
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
    }

    [SkippableFact]
    public async Task A_checkpoint_whose_files_are_damaged_is_not_restored_and_leaves_nothing()
    {
        var id = await CountingAsync();
        var path = NewPath();
        await Checkpoints.SaveAsync(id, path, new CheckpointOptions { Exit = true }).WaitAsync(Hang);
        await Tasks.DeleteAsync(id).WaitAsync(Hang);
        var traces = await TracesAsync();
        var blobs = await BlobsAsync();
        File.Delete(Path.Combine(path, "pstree.img"));

        var message = await AssertErrorAsync(
            "RestoreFailed", CtrErrorKind.FailedPrecondition, () => Checkpoints.StartAsync(id, path, DetachedOutput.None));
        Assert.Contains("Likely cause", message);
        await AssertErrorAsync("RestoreFailed", CtrErrorKind.FailedPrecondition, () => Checkpoints.StartAttachedAsync(id, path));

        Assert.Equal(traces, await TracesAsync());
        Assert.Equal(blobs, await BlobsAsync());
    }

    [SkippableFact]
    public async Task A_checkpoint_whose_files_do_not_fit_the_container_tells_what_CRIU_logged()
    {
        var id = await ContainerAsync("sh", "-c", "echo 1 > /open; exec 3< /open; while :; do sleep 1; done");
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until [ -s /open ] && [ -e /proc/1/fd/3 ]; do usleep 10000; done");
        var path = NewPath();
        await Checkpoints.SaveAsync(id, path).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "echo longer > /open");
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);

        var message = await AssertErrorAsync(
            "RestoreFailed", CtrErrorKind.FailedPrecondition, () => Checkpoints.StartAsync(id, path, DetachedOutput.None));

        Assert.Contains("bad size", message);
        Assert.Contains("has changed since", message);
    }

    [SkippableFact]
    public async Task Where_there_is_no_CRIU_the_error_says_so()
    {
        var id = await CountingAsync(runc: "PATH=/nowhere exec \"$real\" \"$@\"");

        await AssertErrorAsync("CriuNotFound", CtrErrorKind.FailedPrecondition, () => Checkpoints.SaveAsync(id, NewPath()));

        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
    }

    [SkippableFact]
    public async Task Where_the_task_stays_frozen_after_its_checkpoint_that_is_an_error_and_no_image_is_made()
    {
        var broken = NewPath();
        var id = await CountingAsync(runc: $"case \"$*\" in *resume*) [ ! -e {broken} ] || {{ echo broken >&2; exit 1; }};; esac; exec \"$real\" \"$@\"");
        var blobs = await BlobsAsync();
        await File.WriteAllTextAsync(broken, "");
        try
        {
            var message = await AssertErrorAsync(
                "TaskCallFailed", CtrErrorKind.Unknown, () => Checkpoints.SaveImageAsync(id, $"frozen-{id}", new() { IncludeRwLayer = true }));

            Assert.Contains("broken", message);
            Assert.Equal(CtrTaskStatus.Paused, (await Tasks.GetAsync(id)).Status);
            Assert.Equal(blobs, await BlobsAsync());
        }
        finally
        {
            File.Delete(broken);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }
    }

    [SkippableFact]
    public async Task What_is_not_there_is_not_found()
    {
        var id = await ContainerAsync("true");

        await AssertErrorAsync("TaskNotFound", CtrErrorKind.NotFound, () => Checkpoints.SaveAsync(id, NewPath()));
        await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, () => Checkpoints.SaveAsync("nobody", NewPath()));
        await AssertErrorAsync("CheckpointNotFound", CtrErrorKind.NotFound, () => Checkpoints.StartAsync(id, NewPath()));
        await AssertErrorAsync("InvalidImagePath", CtrErrorKind.InvalidArgument, () => Checkpoints.SaveToImagePathAsync(id, "images"));
        await AssertErrorAsync("InvalidImagePath", CtrErrorKind.InvalidArgument, () => Checkpoints.StartFromImagePathAsync(id, "images"));
    }

    [SkippableFact]
    public async Task A_directory_that_is_no_checkpoint_is_refused_and_one_that_holds_something_is_kept()
    {
        var id = await RunningAsync();
        var path = NewPath();
        Directory.CreateDirectory(path);
        await File.WriteAllTextAsync(Path.Combine(path, "kept"), "");

        await AssertErrorAsync("CheckpointAlreadyExists", CtrErrorKind.AlreadyExists, () => Checkpoints.SaveAsync(id, path));
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        await AssertErrorAsync("CheckpointInvalid", CtrErrorKind.InvalidArgument, () => Checkpoints.StartAsync(id, path));

        Assert.True(File.Exists(Path.Combine(path, "kept")));
        await AssertErrorAsync("TaskNotFound", CtrErrorKind.NotFound, () => Tasks.GetAsync(id));
    }

    [SkippableFact]
    public async Task A_task_that_is_there_is_not_restored_over()
    {
        var id = await CountingAsync();
        var path = NewPath();
        await Checkpoints.SaveAsync(id, path).WaitAsync(Hang);

        await AssertErrorAsync("TaskAlreadyStarted", CtrErrorKind.FailedPrecondition, () => Checkpoints.StartAsync(id, path));
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        await Tasks.CreateAsync(id).WaitAsync(Hang);
        await AssertErrorAsync("TaskStateInvalid", CtrErrorKind.FailedPrecondition, () => Checkpoints.StartAsync(id, path));

        Assert.Equal(CtrTaskStatus.Created, (await Tasks.GetAsync(id)).Status);
    }

    [SkippableFact]
    public async Task Content_of_another_type_is_an_unsupported_checkpoint()
    {
        var id = await ContainerAsync("true");
        var image = await Daemon.Client.Images.GetAsync(Image);

        await AssertErrorAsync("CheckpointTypeUnsupported", CtrErrorKind.InvalidArgument, () => Checkpoints.StartAsync(id, image.Target));
    }

    [SkippableFact]
    public async Task A_save_that_is_cancelled_leaves_no_directory_and_no_content_and_the_task_runs_on()
    {
        var id = await CountingAsync();
        var blobs = await BlobsAsync();
        for (var delay = 1; delay < 1000; delay *= 3)
        {
            var path = NewPath();
            using var cancel = new CancellationTokenSource(delay);
            try
            {
                await Checkpoints.SaveAsync(id, path, null, cancel.Token).WaitAsync(Hang);
            }
            catch (OperationCanceledException)
            {
                Assert.False(Path.Exists(path));
                Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!, ".*"));
                await Daemon.SettledAsync();
            }

            Assert.Equal(blobs, await BlobsAsync());
        }

        await CountBeyondAsync(id, await CountAsync(id) + 20);
        Assert.Equal("", await Daemon.RunCtrAsync("leases", "list", "--quiet"));
    }
}
