using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

public sealed class TaskErrorTests(DaemonFixture daemon) : TaskTests(daemon)
{
    private static readonly ExecOptions s_true = new() { Command = ["true"] };

    [SkippableFact]
    public async Task A_container_that_is_not_there_is_named()
    {
        Daemon.Require();
        foreach (var call in Calls("nobody"))
        {
            var message = await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, call);

            Assert.Contains("'nobody'", message, StringComparison.Ordinal);
            Assert.Contains(Daemon.Namespace, message, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task A_container_without_a_task_is_told_from_one_that_is_not_there()
    {
        var id = await ContainerAsync("true");

        foreach (var call in Calls(id).Skip(2))
        {
            Assert.Contains(id, await AssertErrorAsync("TaskNotFound", CtrErrorKind.NotFound, call), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task An_exec_that_is_not_there_is_named()
    {
        var id = await RunningAsync();

        foreach (var call in (Func<Task>[])[
            () => Tasks.GetExecAsync(id, "e9"), () => Tasks.WaitAsync(id, "e9"), () => Tasks.DeleteAsync(id, "e9"), () => Tasks.SendSignalAsync(id, 15, "e9")])
        {
            Assert.Contains("e9", await AssertErrorAsync("ExecNotFound", CtrErrorKind.NotFound, call), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task An_exec_needs_a_running_task()
    {
        var id = await ContainerAsync("true");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);

        await AssertErrorAsync("TaskNotRunning", CtrErrorKind.FailedPrecondition, () => Tasks.StartExecAsync(id, s_true));
    }

    [Fact]
    public async Task What_is_not_well_formed_is_refused_before_any_call()
    {
        // Nothing listens there: a call would fail as unavailable.
        using var client = ContainerdClient.Create(ContainerdAddress.Parse("/nowhere/containerd.sock"));
        var tasks = client.Tasks;

        await RefusedAsync("InvalidExecId", "a b", s_true with { ExecId = "a b" });
        await RefusedAsync("InvalidExecId", "''", s_true with { ExecId = "" });
        await RefusedAsync("InvalidExecId", "76", s_true with { ExecId = new string('a', 77) });
        await RefusedAsync("InvalidCommand", "command", s_true with { Command = [] });
        await RefusedAsync("InvalidCommand", "command", s_true with { Command = [""] });
        await RefusedAsync("InvalidWorkingDirectory", "tmp", s_true with { WorkingDirectory = "tmp" });
        await RefusedAsync("InvalidEnvironment", "=x", s_true with { Environment = ["=x"] });
        await AssertErrorAsync("InvalidContainerId", CtrErrorKind.InvalidArgument, () => tasks.StartExecAsync("a/b", s_true));
        foreach (var call in Calls("a/b", tasks))
        {
            Assert.Contains("'a/b'", await AssertErrorAsync("InvalidContainerId", CtrErrorKind.InvalidArgument, call), StringComparison.Ordinal);
        }

        foreach (var signal in (int[])[0, -1, 65])
        {
            Assert.Contains("64", await AssertErrorAsync("InvalidSignal", CtrErrorKind.InvalidArgument, () => tasks.SendSignalAsync("c1", signal)), StringComparison.Ordinal);
        }

        async Task RefusedAsync(string errorId, string named, ExecOptions options) => Assert.Contains(
            named,
            await AssertErrorAsync(errorId, CtrErrorKind.InvalidArgument, () => tasks.StartExecAsync("c1", options)),
            StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("nobody-here")]
    [InlineData("app:nogroup")]
    public async Task A_user_that_the_image_has_not_is_refused(string user)
    {
        var id = await RunningAsync();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => Tasks.StartExecAsync(id, s_true with { User = user }).WaitAsync(Hang));

        Assert.True(error is CtrException { Kind: CtrErrorKind.InvalidArgument, ErrorId: "InvalidUser" }, error.ToString());
        Assert.Contains(user.Split(':')[^1], error.Message, StringComparison.Ordinal);
    }

    private Func<Task>[] Calls(string id, TaskClient? tasks = null)
    {
        tasks ??= Tasks;
        return
        [
            () => tasks.CreateAsync(id),
            () => tasks.StartAsync(id),
            () => tasks.GetAsync(id),
            () => tasks.DeleteAsync(id),
            () => tasks.WaitAsync(id),
            () => tasks.SendSignalAsync(id, 15),
            () => tasks.StopAsync(id, null, Hang),
            () => tasks.CloseStandardInputAsync(id),
            () => tasks.PauseAsync(id),
            () => tasks.ResumeAsync(id),
            () => tasks.UpdateAsync(id, new CtrSpecResources()),
            () => tasks.ListProcessesAsync(id),
            () => tasks.ResizeTerminalAsync(id, 80, 25),
            () => tasks.MeasureAsync(id),
            () => tasks.AttachAsync(id),
            () => tasks.StartDetachedExecAsync(id, s_true),
            () => tasks.GetExecAsync(id, "e1"),
            () => tasks.WaitAsync(id, "e1"),
            () => tasks.DeleteAsync(id, "e1"),
            () => tasks.StartExecAsync(id, s_true),
        ];
    }

    [SkippableFact]
    public async Task What_runc_says_of_a_missing_container_in_words_alone_is_not_found()
    {
        Daemon.Require();
        var state = Directory.CreateTempSubdirectory("containerd-test-state.");
        var id = await ContainerAsync(
            options => options, ["sleep", "3600"], runtimeOptions: new Dictionary<string, object?> { ["Root"] = state.FullName });
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        var (kept, away) = (Path.Combine(state.FullName, Daemon.Namespace), Path.Combine(state.FullName, "away"));
        Directory.Move(kept, away);

        var error = await Record.ExceptionAsync(() => Tasks.PauseAsync(id).WaitAsync(Hang));

        // It has made the directory anew.
        Directory.Delete(kept, recursive: true);
        Directory.Move(away, kept);
        var missing = Assert.IsType<CtrException>(error);
        Assert.True(missing.Kind == CtrErrorKind.NotFound, $"{missing.ErrorId}: {missing.Message}");
        Assert.StartsWith("Unknown: ", missing.InnerException!.Message, StringComparison.Ordinal);
        await Daemon.Client.Containers.DeleteAsync(id, force: true).WaitAsync(Hang);
        state.Delete(recursive: true);
    }
}
