namespace Containerd.Client.Tests.Events;

public sealed partial class EventTrackerTests
{
    [Theory]
    [InlineData(CtrTaskStatus.Running, null, "TaskExit  8,TaskExecStarted  9")]
    [InlineData(CtrTaskStatus.Stopped, 4, "TaskExit  8,TaskExecStarted  9,TaskExit 4 9")]
    public void An_exec_id_that_was_used_again_meanwhile_is_told_of_by_its_pids(CtrTaskStatus status, int? code, string expected)
    {
        ExecBeforeALoss();

        Assert.Equal(expected.Split(','), Told(_tracker.Compare(Observed(Exec(9, status, code)))));

        Assert.Empty(Told(_tracker.Receive(Stamp(Exit("a", 8, 1) with { ExecId = "e" }))));
        Assert.Empty(Told(_tracker.Receive(Stamp(ExecStarted(9)))));
    }

    [Fact]
    public void An_exec_id_that_was_registered_again_meanwhile_tells_of_the_first_ones_end()
    {
        ExecBeforeALoss();

        Assert.Equal(["TaskExit  8"], Told(_tracker.Compare(Observed(Exec(0, CtrTaskStatus.Created)))));
        Assert.Equal(["TaskExecStarted  9"], Told(_tracker.Receive(Stamp(ExecStarted(9)))));
    }

    [Fact]
    public void The_start_of_another_exec_of_that_id_tells_of_the_first_ones_end()
    {
        ExecBeforeALoss();

        Assert.Equal(["TaskExit  8", "TaskExecStarted  9"], Told(_tracker.Receive(Stamp(ExecStarted(9)))));
        Assert.Empty(Told(_tracker.Compare(Observed(Exec(9, CtrTaskStatus.Running)))));
        Assert.Empty(Told(_tracker.Receive(Stamp(Exit("a", 8, 1) with { ExecId = "e" }))));
        Assert.Equal(["TaskExit 2 9"], Told(_tracker.Receive(Stamp(Exit("a", 9, 2) with { ExecId = "e" }))));
    }

    [Fact]
    public void The_exit_of_another_exec_of_that_id_tells_of_the_first_ones_end()
    {
        ExecBeforeALoss();

        Assert.Equal(["TaskExit  8", "TaskExecStarted  9", "TaskExit 2 9"], Told(_tracker.Receive(Stamp(Exit("a", 9, 2) with { ExecId = "e" }))));
        Assert.Empty(_tracker.LiveExecs());
    }

    [Fact]
    public void What_comes_late_of_an_earlier_exec_of_that_id_ends_no_later_one()
    {
        ExecBeforeALoss();
        _tracker.StreamBegan(Time(1000));
        _tracker.Compare(Observed(Exec(9, CtrTaskStatus.Running)));

        Assert.Equal(["TaskExecStarted  7"], Told(_tracker.Receive(Stamp(ExecStarted(7)))));
        Assert.Equal(["TaskExit 1 7"], Told(_tracker.Receive(Stamp(Exit("a", 7, 1) with { ExecId = "e" }))));
        Assert.Equal(["TaskExit 2 9"], Told(_tracker.Receive(Stamp(Exit("a", 9, 2) with { ExecId = "e" }))));
    }

    [Fact]
    public void An_exec_whose_shim_does_not_answer_stays_as_it_was()
    {
        ExecBeforeALoss();

        Assert.Empty(_tracker.Compare(Observed(Exec(0, CtrTaskStatus.Unknown))));
        Assert.Equal([(Namespace, "a", "e")], _tracker.LiveExecs());
    }

    private void ExecBeforeALoss()
    {
        _tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Running)));
        Receive(ExecStarted(8));
        _tracker.StreamLost();
    }

    private static CtrTaskExecStartedEvent ExecStarted(int pid) => new() { ContainerId = "a", ExecId = "e", Pid = pid };

    private static DaemonObservation Observed(CtrProcess exec) => new([], [Task("a", 1, CtrTaskStatus.Running)], [exec]);

    private static CtrProcess Exec(int pid, CtrTaskStatus status, int? code = null) => new()
    {
        ContainerId = "a", ExecId = "e", Pid = pid, Status = status, ExitCode = code, Address = "", Namespace = Namespace,
    };

    private static string[] Told(IEnumerable<CtrEvent> events) => [.. events.Select(value => value switch
    {
        CtrTaskExitEvent exit => $"{exit.Type} {exit.ExitCode} {exit.Pid}",
        CtrTaskExecStartedEvent started => $"{started.Type}  {started.Pid}",
        _ => value.Type,
    })];
}
