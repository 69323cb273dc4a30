using Containerd.Client;
using Containerd.Client.Oci;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>What daemon, shim and runc refuse in words of their own comes with what to do about it.</summary>
public sealed class RefusalTests(DaemonFixture daemon) : TaskTests(daemon)
{
    private static readonly ExecOptions s_true = new() { Command = ["true"] };

    [SkippableFact]
    public async Task What_a_tasks_state_does_not_allow()
    {
        var id = await RunningAsync();

        await RefusedAsync("TaskStateInvalid", "Remove-CtrTask -Force", () => Tasks.DeleteAsync(id));
        await RefusedAsync("TaskStateInvalid", "Suspend-CtrTask", () => Tasks.ResumeAsync(id));
        await Tasks.PauseAsync(id).WaitAsync(Hang);
        await RefusedAsync("TaskStateInvalid", "Remove-CtrTask -Force", () => Tasks.DeleteAsync(id));
        await RefusedAsync("TaskStateInvalid", "Resume-CtrTask", () => Tasks.PauseAsync(id));
        await RefusedAsync("ExecStateInvalid", "Resume-CtrTask", () => Tasks.ExecAsync(id, s_true));
        await Tasks.ResumeAsync(id).WaitAsync(Hang);
    }

    [SkippableFact]
    public async Task What_a_running_task_cannot_have()
    {
        var id = await RunningAsync();

        await RefusedAsync("MemoryLimitTooLow", "Measure-CtrTask", () => Tasks.UpdateAsync(id, new() { Memory = new() { Limit = 4096 } }));
        await RefusedAsync("WorkingDirectoryNotFound", "directory", () => Tasks.ExecAsync(id, s_true with { WorkingDirectory = "/nosuch" }));
    }

    [SkippableFact]
    public async Task What_a_new_task_cannot_have()
    {
        var mount = await ContainerAsync(options => options with { Mounts = [MountParser.Parse("/nosuch-source:/mnt")] }, ["true"]);
        var runtime = await ContainerAsync(options => options, ["true"], runtime: "io.containerd.nosuch.v1");
        var root = (await Daemon.Client.Containers.CreateAsync(new()
        {
            SpecOptions = new() { Id = $"c-{Guid.NewGuid():N}", Command = ["true"], RootFsPath = "/nosuch-root" },
        }).WaitAsync(Hang)).Id;

        await RefusedAsync("MountFailed", "daemon's host", () => Tasks.StartAsync(mount));
        await RefusedAsync("RuntimeNotFound", "containerd-shim-", () => Tasks.StartAsync(runtime));
        await RefusedAsync("RootFsNotFound", "-RootFsPath", () => Tasks.StartAsync(root));
    }

    [SkippableFact]
    public async Task A_snapshotter_that_is_not_there()
    {
        Daemon.Require();

        await RefusedAsync("SnapshotterNotFound", "Get-CtrPlugin", () => Daemon.Client.Containers.CreateAsync(new()
        {
            Image = Image,
            Snapshotter = "nosuch",
            SpecOptions = new() { Id = $"c-{Guid.NewGuid():N}" },
        }));
    }

    private static async Task RefusedAsync(string errorId, string advice, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<CtrException>(() => call().WaitAsync(Hang));

        Assert.True(error.ErrorId == errorId, $"{error.ErrorId} ({error.Kind}): {error.Message}");
        Assert.Contains(advice, error.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain(": unknown", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
