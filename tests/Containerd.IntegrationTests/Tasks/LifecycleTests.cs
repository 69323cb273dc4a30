using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

public sealed class LifecycleTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableTheory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("kill -KILL $$", 137)]
    public async Task A_task_is_created_started_waited_for_and_removed(string script, int code)
    {
        // The first process of a pid namespace is immune to signals from inside it, so a child ends by the signal.
        var id = await ContainerAsync("sh", "-c", $"sh -c '{script}'; exit $?");
        var created = await Tasks.CreateAsync(id).WaitAsync(Hang);
        Assert.Equal(CtrTaskStatus.Created, created.Status);
        Assert.Equal(CtrTaskStatus.Created, (await Tasks.GetAsync(id)).Status);
        var waiting = Tasks.WaitAsync(id);
        Assert.False(waiting.IsCompleted);
        var before = DateTimeOffset.UtcNow;

        var started = await Tasks.StartAsync(id).WaitAsync(Hang);
        Assert.Equal(created.Pid, started.Pid);
        var waited = await waiting.WaitAsync(Hang);

        Assert.Equal(code, waited.ExitCode);
        Assert.InRange(waited.ExitedAt, before, DateTimeOffset.UtcNow);
        var stopped = await Tasks.GetAsync(id);
        Assert.Equal((CtrTaskStatus.Stopped, code, waited.ExitedAt), (stopped.Status, stopped.ExitCode, stopped.ExitedAt));
        Assert.Equal(waited, await Tasks.DeleteAsync(id).WaitAsync(Hang));
        await AssertNoTaskAsync(id);
        Assert.DoesNotContain(id, Shims());
    }

    [SkippableFact]
    public async Task A_running_task_shows_its_process_and_no_exit()
    {
        var id = await RunningAsync();

        var task = await Tasks.GetAsync(id);

        Assert.Equal(CtrTaskStatus.Running, task.Status);
        Assert.True(Directory.Exists($"/proc/{task.Pid}"));
        Assert.Null(task.ExitCode);
        Assert.Null(task.ExitedAt);
        Assert.Equal(task, (await Tasks.ListAsync()).Single(listed => listed.Id == id));
    }

    [SkippableFact]
    public async Task Tasks_that_come_and_go_meanwhile_keep_no_other_from_being_listed()
    {
        var stays = await RunningAsync();
        var coming = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 5; i++)
            {
                var id = await ContainerAsync("true");
                await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
                await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
            }
        }));

        var lengths = new HashSet<int>();
        while (!coming.IsCompleted)
        {
            var listed = await Tasks.ListAsync().WaitAsync(Hang);
            Assert.Equal(CtrTaskStatus.Running, listed.Single(task => task.Id == stays).Status);
            lengths.Add(listed.Count);
        }

        await coming;
        Assert.NotEqual(1, lengths.Count);
    }

    [SkippableFact]
    public async Task A_task_that_has_ended_makes_room_for_the_next_start()
    {
        var id = await ContainerAsync("sh", "-c", "exit 5");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);

        await Tasks.StartAsync(id).WaitAsync(Hang);

        Assert.Equal(5, (await Tasks.WaitAsync(id).WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task A_running_task_is_not_started_again_and_goes_on()
    {
        var id = await RunningAsync();

        await AssertErrorAsync("TaskAlreadyStarted", CtrErrorKind.FailedPrecondition, () => Tasks.StartAsync(id));
        await AssertErrorAsync("TaskAlreadyStarted", CtrErrorKind.FailedPrecondition, () => Tasks.StartAttachedAsync(id));

        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_task_is_not_made_twice_and_the_first_still_starts(bool terminal)
    {
        var id = await ContainerAsync(options => options with { Terminal = terminal }, ["sh", "-c", "exit 4"]);
        var task = await Tasks.CreateAsync(id).WaitAsync(Hang);
        var traces = await TracesAsync();

        await AssertErrorAsync("TaskAlreadyExists", CtrErrorKind.AlreadyExists, () => Tasks.CreateAsync(id));
        await AssertErrorAsync("TaskStateInvalid", CtrErrorKind.FailedPrecondition, () => Tasks.StartAttachedAsync(id));

        Assert.Equal(traces, await TracesAsync());
        Assert.Equal(task.Pid, (await Tasks.StartAsync(id).WaitAsync(Hang)).Pid);
        Assert.Equal(4, (await Tasks.WaitAsync(id).WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task A_running_task_is_removed_by_force_only()
    {
        var id = await RunningAsync();

        await AssertErrorAsync("TaskStateInvalid", CtrErrorKind.FailedPrecondition, () => Tasks.DeleteAsync(id));
        var status = await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);

        Assert.Equal(137, status.ExitCode);
        await AssertNoTaskAsync(id);
        Assert.Equal(255, (await Tasks.ForceDeleteAsync(id).WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task A_task_that_was_never_started_is_removed()
    {
        var id = await ContainerAsync("true");
        await Tasks.CreateAsync(id).WaitAsync(Hang);

        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);

        await AssertNoTaskAsync(id);
        Assert.DoesNotContain(id, Shims());
    }

    [SkippableFact]
    public async Task An_exec_is_seen_signalled_waited_for_and_removed()
    {
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(
            id, new ExecOptions { ExecId = "e1", Command = ["sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done"] }).WaitAsync(Hang);
        await using var lines = process.ReadLinesAsync().GetAsyncEnumerator();
        Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(Hang));
        var running = await Tasks.GetExecAsync(id, "e1");
        Assert.Equal((CtrTaskStatus.Running, process.Pid, (int?)null), (running.Status, running.Pid, running.ExitCode));
        await AssertErrorAsync("ExecStateInvalid", CtrErrorKind.FailedPrecondition, () => Tasks.DeleteAsync(id, "e1"));

        await Tasks.SendSignalAsync(id, CtrSignal.Parse("USR1"), "e1").WaitAsync(Hang);

        Assert.Equal(9, (await Tasks.WaitAsync(id, "e1").WaitAsync(Hang)).ExitCode);
        Assert.Equal(9, (await Tasks.GetExecAsync(id, "e1")).ExitCode);
        Assert.Equal(9, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
        await AssertErrorAsync("ExecNotFound", CtrErrorKind.NotFound, () => Tasks.GetExecAsync(id, "e1"));
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
    }

    [SkippableFact]
    public async Task A_signal_reaches_the_first_process_alone_or_all()
    {
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(id, new ExecOptions { Command = ["sleep", "3600"] }).WaitAsync(Hang);

        await Tasks.SendSignalAsync(id, CtrSignal.Parse("HUP")).WaitAsync(Hang);
        Assert.False(process.Exited.IsCompleted);
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
        await Tasks.SendSignalAsync(id, CtrSignal.Parse("TERM"), all: true).WaitAsync(Hang);

        Assert.Equal(143, (await process.Exited.WaitAsync(Hang)).ExitCode);
        await Tasks.WaitAsync(id).WaitAsync(Hang);
    }

    private async Task AssertNoTaskAsync(string id) =>
        await AssertErrorAsync("TaskNotFound", CtrErrorKind.NotFound, () => Tasks.GetAsync(id));
}
