namespace Containerd.Client.Tests.Events;

public sealed partial class EventTrackerTests
{
    [Fact]
    public void A_removal_that_no_shim_tells_of_is_told_with_that_of_the_container()
    {
        _tracker.Compare(s_nothing);
        Receive(Create("a", 1));
        Receive(Start("a", 1));
        Receive(new CtrTaskExecStartedEvent { ContainerId = "a", ExecId = "e", Pid = 2 });
        Receive(Exit("a", 1, 5) with { ExitedAt = Time(7) });

        var report = _tracker.Receive(Stamp(new CtrContainerDeleteEvent { ContainerId = "a" }));

        Assert.Equal(["TaskExit ", "TaskDelete", "ContainerDelete"], Of(report, "a"));
        Assert.Equal([true, true, false], report.Select(value => value.IsReconstructed));
        var removal = (CtrTaskDeleteEvent)report[1];
        Assert.Equal(("/tasks/delete", Namespace, 1, 5, Time(7)), (removal.Topic, removal.Namespace, removal.Pid, removal.ExitCode, removal.ExitedAt));
        Assert.Equal(report[2].Timestamp, removal.Timestamp);
        Assert.Equal(0, _tracker.Count);
    }

    [Fact]
    public void A_removal_that_was_told_already_is_left_out_when_its_shim_tells_of_it()
    {
        _tracker.Compare(s_nothing);
        Receive(Create("a", 1));
        Receive(Start("a", 1));
        Receive(Exit("a", 1, 0));
        Assert.Equal(["TaskDelete a", "ContainerDelete a"], Receive(new CtrContainerDeleteEvent { ContainerId = "a" }));

        Assert.Empty(Receive(Delete("a", 1)));
        Assert.Empty(Receive(Exit("a", 1, 137)));
        Receive(Create("a", 3));
        Assert.Empty(Receive(Delete("a", 1)));
        Assert.Equal(1, _tracker.Count);
    }

    [Fact]
    public void A_new_task_tells_that_the_last_one_was_removed()
    {
        _tracker.Compare(s_nothing);
        Receive(Create("a", 1));
        Receive(Start("a", 1));
        Receive(Exit("a", 1, 5));

        var report = _tracker.Receive(Stamp(Create("a", 2)));

        Assert.Equal(["TaskDelete", "TaskCreate"], Of(report, "a"));
        Assert.Equal(5, ((CtrTaskDeleteEvent)report[0]).ExitCode);
        Assert.Empty(Receive(Delete("a", 1)));
        Assert.Empty(Receive(Create("a", 1) with { Timestamp = Time(1) }));
        Assert.Equal(["TaskStart a"], Receive(Start("a", 2)));
    }

    [Fact]
    public void A_create_that_is_told_again_does_not_tell_of_a_removal()
    {
        _tracker.Compare(s_nothing);
        foreach (var value in new CtrEvent[] { Create("a", 1), Start("a", 1), Exit("a", 1, 0), Delete("a", 1), Create("a", 2), Start("a", 2), Exit("a", 2, 0) })
        {
            Receive(value);
        }

        Assert.Empty(Receive(Create("a", 1) with { Timestamp = Time(1) }));
        Assert.Equal(["TaskDelete a"], Receive(Delete("a", 2)));
    }

    [Fact]
    public void A_task_that_runs_is_not_removed_with_its_container()
    {
        _tracker.Compare(s_nothing);
        Receive(Create("a", 1));
        Receive(Start("a", 1));

        Assert.Equal(["ContainerDelete a"], Receive(new CtrContainerDeleteEvent { ContainerId = "a" }));
        Assert.Equal(["TaskExit a"], Receive(Exit("a", 1, 0)));
        Assert.Equal(["TaskDelete a"], Receive(Delete("a", 1)));
    }

    [Fact]
    public void A_shim_that_dies_before_it_has_a_task_ends_none()
    {
        _tracker.Compare(s_nothing);

        Assert.Empty(Receive(Exit("a", 0, 137)));
        Assert.Empty(Receive(Delete("a", 0)));
        Receive(Create("b", 1));
        Receive(Start("b", 1));
        Assert.Equal(["TaskExit b"], Receive(Exit("b", 0, 137)));
        Assert.Equal(["TaskDelete b"], Receive(Delete("b", 0)));
    }
}
