using Containerd.Client;
using Containerd.IntegrationTests.Containers;

namespace Containerd.IntegrationTests.Checkpoints;

public sealed class ImageTests(DaemonFixture daemon) : CheckpointTests(daemon)
{
    private static readonly CheckpointOptions WithFiles = new() { IncludeRwLayer = true };

    [SkippableFact]
    public async Task A_container_is_restored_under_another_id_after_the_original_is_removed_with_its_files_and_options()
    {
        var id = await CountingAsync();
        await ExecAsync(id, "sh", "-c", "echo kept > /file; rm /etc/passwd");
        var name = NewName();

        var checkpoint = await Checkpoints.SaveImageAsync(id, name, WithFiles with { Exit = true }).WaitAsync(Hang);
        await Daemon.Client.Containers.DeleteAsync(id).WaitAsync(Hang);
        var other = NewId();
        var task = await Checkpoints.RestoreAsync(name, other, DetachedOutput.None).WaitAsync(Hang);

        Assert.Equal((CtrCheckpointKind.Image, name, id, Image), (checkpoint.Kind, checkpoint.Location, checkpoint.ContainerId, checkpoint.Image));
        Assert.Equal((other, CtrTaskStatus.Running), (task.Id, task.Status));
        await AssertGoesOnAsync(other);
        Assert.Equal("kept\n", (await ExecAsync(other, "cat", "/file")).StandardOutput);
        Assert.NotEqual(0, (await ExecAsync(other, "test", "-e", "/etc/passwd")).ExitCode);
        Assert.Equal($"/{Daemon.Namespace}/{other}", (await Daemon.Client.Containers.GetSpecAsync(other)).Linux!.CgroupsPath);
        await RemoveAsync(other);
    }

    [SkippableFact]
    public async Task A_container_runs_beside_the_one_that_it_was_saved_of_and_again_under_its_own_id()
    {
        var id = await CountingAsync();
        var name = NewName();
        await Checkpoints.SaveImageAsync(id, name, WithFiles).WaitAsync(Hang);
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);

        var other = NewId();
        await Checkpoints.RestoreAsync(name, other, DetachedOutput.None).WaitAsync(Hang);

        await AssertGoesOnAsync(other);
        await AssertGoesOnAsync(id);
        await RemoveAsync(other);
        await RemoveAsync(id);
        Assert.Equal(id, (await Checkpoints.RestoreAsync(name, null, DetachedOutput.None).WaitAsync(Hang)).Id);
        await AssertGoesOnAsync(id);
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task A_control_group_stays_in_the_directory_whose_limits_hold_for_it()
    {
        var directory = $"/{Daemon.Namespace}/limited";
        var id = await CountingAsync(cgroupsPath: $"{directory}/of-its-own");
        var name = NewName();
        await Checkpoints.SaveImageAsync(id, name, WithFiles with { Exit = true }).WaitAsync(Hang);
        await Daemon.Client.Containers.DeleteAsync(id).WaitAsync(Hang);
        var other = NewId();

        Assert.EndsWith($"{directory}/{Daemon.Namespace}/{other}", await ControlGroupAsync(other), StringComparison.Ordinal);
        Assert.EndsWith($"{directory}/of-its-own", await ControlGroupAsync(id), StringComparison.Ordinal);

        async Task<string> ControlGroupAsync(string restored)
        {
            var task = await Checkpoints.RestoreAsync(name, restored, DetachedOutput.None).WaitAsync(Hang);
            var path = new ControlGroup(await File.ReadAllTextAsync($"/proc/{task.Pid}/cgroup")).Path;
            await RemoveAsync(restored);
            return path;
        }
    }

    [SkippableFact]
    public async Task Ctr_restores_ours()
    {
        var id = await CountingAsync();
        var name = NewName();
        // The second one of an unchanged container.
        await Checkpoints.SaveImageAsync(id, NewName()).WaitAsync(Hang);
        await Checkpoints.SaveImageAsync(id, name, WithFiles with { Exit = true, IncludeImage = true }).WaitAsync(Hang);
        await Daemon.Client.Containers.DeleteAsync(id).WaitAsync(Hang);
        var other = NewId();

        await Daemon.RunCtrAsync("containers", "restore", "--rw", "--live", other, name);

        await AssertGoesOnAsync(other);

        // With its FIFOs, which only ctr knows for its own.
        await Daemon.RunCtrAsync("tasks", "delete", "--force", other);
        await RemoveAsync(other);
    }

    [SkippableFact]
    public async Task Ours_restores_that_of_ctr()
    {
        var id = await CountingAsync();
        await ExecAsync(id, "sh", "-c", "echo kept > /file");
        var name = NewName();
        await Daemon.RunCtrAsync("containers", "checkpoint", "--rw", "--image", "--task", id, name);
        var listed = (await Checkpoints.ListAsync().ToListAsync()).Single(checkpoint => checkpoint.Location == name);
        Assert.Equal((CtrCheckpointKind.Image, (string?)null, Image), (listed.Kind, listed.ContainerId, listed.Image));
        await AssertErrorAsync("ContainerIdMissing", CtrErrorKind.InvalidArgument, () => Checkpoints.RestoreAsync(name));
        await RemoveAsync(id);
        var other = NewId();

        await Checkpoints.RestoreAsync(name, other, DetachedOutput.None).WaitAsync(Hang);

        await AssertGoesOnAsync(other);
        Assert.Equal("kept\n", (await ExecAsync(other, "cat", "/file")).StandardOutput);
        await RemoveAsync(other);
    }

    [SkippableFact]
    public async Task Ours_restores_that_of_a_task_alone_which_ctr_cannot()
    {
        var id = await CountingAsync();
        var name = (await Daemon.RunCtrAsync("tasks", "checkpoint", id)).Trim();
        var other = NewId();
        await Assert.ThrowsAsync<InvalidOperationException>(() => Daemon.RunCtrAsync("containers", "restore", "--live", NewId(), name));

        await Checkpoints.RestoreAsync(name, other, DetachedOutput.None).WaitAsync(Hang);

        await AssertGoesOnAsync(other);
        await RemoveAsync(other);
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task A_checkpoint_with_its_image_outlives_that_images_name()
    {
        var id = await CountingAsync();
        var name = NewName();
        var image = await Daemon.Client.Images.GetAsync(Image);
        await Checkpoints.SaveImageAsync(id, name, new CheckpointOptions { IncludeImage = true, Exit = true }).WaitAsync(Hang);
        await Daemon.Client.Containers.DeleteAsync(id).WaitAsync(Hang);
        await Daemon.Client.Images.DeleteAsync(Image, wait: true).WaitAsync(Hang);

        await Checkpoints.RestoreAsync(name, id, DetachedOutput.None).WaitAsync(Hang);

        await AssertGoesOnAsync(id);
        Assert.Equal(image.Digest, (await Daemon.Client.Images.GetAsync(Image)).Digest);
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task Checkpoints_are_listed_among_images_and_removed_with_all_that_is_theirs()
    {
        var id = await CountingAsync();
        var blobs = await BlobsAsync();
        var name = NewName();
        var made = await Checkpoints.SaveImageAsync(id, name, WithFiles).WaitAsync(Hang);

        Assert.Equal(made, await Checkpoints.GetAsync(name));
        Assert.Contains(made, await Checkpoints.ListAsync().ToListAsync());
        Assert.DoesNotContain(await Checkpoints.ListAsync().ToListAsync(), checkpoint => checkpoint.Location == Image);
        Assert.Contains(await Daemon.Client.Images.ListAsync().ToListAsync(), image => image.Name == name);
        Assert.InRange(made.Size!.Value, 4096, long.MaxValue);
        await Checkpoints.RemoveAsync(name).WaitAsync(Hang);

        Assert.Equal(blobs, await BlobsAsync());
        await AssertErrorAsync("CheckpointNotFound", CtrErrorKind.NotFound, () => Checkpoints.GetAsync(name));
        await AssertErrorAsync("CheckpointNotFound", CtrErrorKind.NotFound, () => Checkpoints.RemoveAsync(Image));
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task What_cannot_be_saved_or_restored_leaves_nothing()
    {
        var id = await CountingAsync();
        var name = NewName();
        await Checkpoints.SaveImageAsync(id, name).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "echo later > /file");
        var traces = await TracesAsync();
        var blobs = await BlobsAsync();

        await AssertErrorAsync("CheckpointAlreadyExists", CtrErrorKind.AlreadyExists, () => Checkpoints.SaveImageAsync(id, name));
        await AssertErrorAsync("InvalidImageName", CtrErrorKind.InvalidArgument, () => Checkpoints.SaveImageAsync(id, "No Name"));
        await AssertErrorAsync("ContainerAlreadyExists", CtrErrorKind.AlreadyExists, () => Checkpoints.RestoreAsync(name));
        await AssertErrorAsync("CheckpointNotFound", CtrErrorKind.NotFound, () => Checkpoints.RestoreAsync("nothing", NewId()));
        await AssertErrorAsync("CheckpointNotFound", CtrErrorKind.NotFound, () => Checkpoints.RestoreAsync(Image, NewId()));

        Assert.Equal(traces, await TracesAsync());
        Assert.Equal(blobs, await BlobsAsync());
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task A_restore_that_CRIU_refuses_takes_its_container_back()
    {
        var id = await ContainerAsync("sh", "-c", "echo 1 > /open; exec 3< /open; while :; do sleep 1; done");
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until [ -s /open ] && [ -e /proc/1/fd/3 ]; do usleep 10000; done");
        var name = NewName();
        await Checkpoints.SaveImageAsync(id, name, new CheckpointOptions { Exit = true }).WaitAsync(Hang);
        var traces = await TracesAsync();

        // Its open file is in the layer that was not saved.
        var message = await AssertErrorAsync(
            "RestoreFailed", CtrErrorKind.FailedPrecondition, () => Checkpoints.RestoreAsync(name, NewId(), DetachedOutput.None));

        Assert.Contains("A file that the process had open", message);
        Assert.Equal(traces, await TracesAsync());
        await RemoveAsync(id);
    }

    private static string NewId() => $"c-{Guid.NewGuid():N}";

    private static string NewName() => $"example.com/checkpoint/{Guid.NewGuid():N}:1";

    private Task RemoveAsync(string id) => Daemon.Client.Containers.DeleteAsync(id, force: true).WaitAsync(Hang);
}
