using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

public sealed class StopTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableTheory]
    [InlineData("USR2", null, 7)]
    [InlineData(null, null, 8)]
    [InlineData("USR2", "HUP", 9)]
    public async Task The_stop_signal_is_the_callers_else_the_containers_else_sigterm(string? stopSignal, string? given, int code)
    {
        var id = await TrappingAsync("trap 'exit 7' USR2; trap 'exit 8' TERM; trap 'exit 9' HUP", stopSignal);

        var status = await Tasks.StopAsync(id, given is null ? null : CtrSignal.Parse(given), Hang).WaitAsync(Hang);

        Assert.Equal(code, status.ExitCode);
        Assert.Equal(CtrTaskStatus.Stopped, (await Tasks.GetAsync(id)).Status);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_task_that_ignores_the_stop_signal_is_killed(int seconds)
    {
        var id = await TrappingAsync("trap : TERM");

        var status = await Tasks.StopAsync(id, null, TimeSpan.FromSeconds(seconds)).WaitAsync(Hang);

        Assert.Equal(137, status.ExitCode);
    }

    [SkippableFact]
    public async Task A_task_that_has_ended_is_stopped_already()
    {
        var id = await ContainerAsync("sh", "-c", "exit 6");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);

        Assert.Equal(6, (await Tasks.StopAsync(id, null, Hang).WaitAsync(Hang)).ExitCode);
        Assert.Equal(6, (await Tasks.StopAsync(id, null, TimeSpan.Zero).WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task Without_a_task_or_a_container_there_is_nothing_to_stop()
    {
        var id = await ContainerAsync("true");

        await AssertErrorAsync("TaskNotFound", CtrErrorKind.NotFound, () => Tasks.StopAsync(id, null, Hang));
        await AssertErrorAsync("TaskNotFound", CtrErrorKind.NotFound, () => Tasks.StopAsync(id, null, TimeSpan.Zero));
        await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, () => Tasks.StopAsync("nobody", null, Hang));
        await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, () => Tasks.StopAsync("nobody", null, TimeSpan.Zero));
    }

    [SkippableFact]
    public async Task A_stop_ends_with_its_caller_and_the_task_goes_on()
    {
        var id = await TrappingAsync("trap : TERM");
        using var cancellation = new CancellationTokenSource();
        var stopping = Tasks.StopAsync(id, null, Hang, cancellationToken: cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopping.WaitAsync(Hang));
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
    }

    [SkippableFact]
    public async Task A_task_that_was_never_started_is_stopped()
    {
        var id = await ContainerAsync("true");
        await Tasks.CreateAsync(id).WaitAsync(Hang);

        await Tasks.StopAsync(id, null, TimeSpan.FromSeconds(1)).WaitAsync(Hang);

        Assert.Equal(CtrTaskStatus.Stopped, (await Tasks.GetAsync(id)).Status);
    }

    // It is ready, with its traps set, once the file is there.
    private async Task<string> TrappingAsync(string traps, string? stopSignal = null)
    {
        var id = await ContainerAsync(
            options => options, ["sh", "-c", $"{traps}; touch /tmp/ready; while :; do sleep 0.1; done"], stopSignal);
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.05; done");
        return id;
    }
}
