namespace Containerd.Client.Tests.Events;

public sealed partial class EventTrackerTests
{
    private const string Namespace = "ns";
    private static readonly DaemonObservation s_nothing = new([], [], []);

    private readonly EventTracker _tracker = new("unix:///x");
    private int _clock;

    [Fact]
    public void What_is_there_at_the_begin_is_noted_and_not_reported()
    {
        Assert.Empty(_tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Running))));

        Assert.Equal(["TaskExit a"], Receive(Exit("a", 1, 3)));
        Assert.Empty(Receive(Exit("a", 1, 137)));
    }

    [Fact]
    public void An_event_that_comes_again_is_left_out()
    {
        _tracker.Compare(s_nothing);
        foreach (var value in new CtrEvent[] { Create("a", 1), Start("a", 1), Exit("a", 1, 3), Delete("a", 1) })
        {
            Assert.Single(Receive(value));
        }

        foreach (var value in new CtrEvent[] { Create("a", 1) with { Timestamp = Time(1) }, Start("a", 1), Exit("a", 1, 137), Delete("a", 1) })
        {
            Assert.Empty(Receive(value));
        }
    }

    [Fact]
    public void A_container_that_gets_another_task_is_told_of_anew_even_with_the_same_pid()
    {
        _tracker.Compare(s_nothing);
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(["TaskCreate a"], Receive(Create("a", 1)));
            Assert.Equal(["TaskStart a"], Receive(Start("a", 1)));
            Assert.Equal(["TaskExit a"], Receive(Exit("a", 1, 3)));
            Assert.Equal(["TaskDelete a"], Receive(Delete("a", 1)));
        }
    }

    [Fact]
    public void A_restored_task_that_gets_its_process_when_it_is_started_is_known_by_it_from_then_on()
    {
        _tracker.Compare(s_nothing);
        Assert.Equal(["TaskCreate a"], Receive(Create("a", 0)));
        Assert.Equal(["TaskStart a"], Receive(Start("a", 7)));
        _tracker.StreamLost();

        Assert.Equal(
            ["TaskExit ", "TaskDelete", "TaskCreate", "TaskStart"], Of(_tracker.Compare(Observed(Task("a", 9, CtrTaskStatus.Running))), "a"));
        Assert.Empty(Receive(Exit("a", 7, 3)));
        Assert.Equal(["TaskExit a"], Receive(Exit("a", 9, 4)));
        Assert.Equal(["TaskDelete a"], Receive(Delete("a", 9)));
        Assert.Empty(Receive(Exit("a", 9, 137)));
        Assert.Empty(Receive(Delete("a", 9)));
    }

    [Fact]
    public void A_late_exit_of_the_task_before_does_not_end_a_restored_one()
    {
        _tracker.Compare(s_nothing);
        foreach (var value in new CtrEvent[] { Create("a", 5), Start("a", 5), Exit("a", 5, 3), Delete("a", 5), Create("a", 0) })
        {
            Assert.Single(Receive(value));
        }

        Assert.Empty(Receive(Exit("a", 5, 3)));
        Assert.Equal(["TaskStart a"], Receive(Start("a", 7)));
        Assert.Equal(["TaskExit a"], Receive(Exit("a", 7, 0)));
    }

    [Fact]
    public void What_happened_while_the_stream_was_lost_is_reconstructed_in_order()
    {
        _tracker.Compare(Observed(Task("ended", 1, CtrTaskStatus.Running), Task("gone", 2, CtrTaskStatus.Running), Task("same", 3, CtrTaskStatus.Running), Task("made", 4, CtrTaskStatus.Created), Task("made and gone", 6, CtrTaskStatus.Created)));
        _tracker.StreamLost();

        var missed = _tracker.Compare(Observed(
            Task("ended", 1, CtrTaskStatus.Stopped, 7), Task("same", 3, CtrTaskStatus.Paused), Task("made", 4, CtrTaskStatus.Stopped, 8), Task("new", 5, CtrTaskStatus.Running)));

        Assert.Equal(["TaskExit 7"], Of(missed, "ended"));
        Assert.Equal(["TaskExit ", "TaskDelete"], Of(missed, "gone"));
        Assert.Equal(["TaskStart", "TaskExit ", "TaskDelete"], Of(missed, "made and gone"));
        Assert.Equal(["TaskPaused"], Of(missed, "same"));
        Assert.Equal(["TaskStart", "TaskExit 8"], Of(missed, "made"));
        Assert.Equal(["TaskCreate", "TaskStart"], Of(missed, "new"));
        Assert.All(missed, value => Assert.True(value.IsReconstructed));
        Assert.Empty(Receive(Exit("ended", 1, 7)));
        Assert.Empty(Receive(Start("made", 4)));
        Assert.Empty(Receive(Exit("gone", 2, 9)));
    }

    [Fact]
    public void The_first_event_of_a_new_stream_tells_what_must_have_been_before_it()
    {
        _tracker.Compare(s_nothing);
        Receive(Create("known", 1));
        _tracker.StreamLost();

        Assert.Equal(["TaskStart known", "TaskExit known"], Receive(Exit("known", 1, 2)));
        Assert.Equal(["TaskCreate new", "TaskStart new", "TaskExit new"], Receive(Exit("new", 2, 3)));
        Assert.Empty(Receive(Start("new", 2)));
        Assert.Empty(_tracker.Compare(Observed(Task("known", 1, CtrTaskStatus.Stopped, 2), Task("new", 2, CtrTaskStatus.Stopped, 3))));
    }

    [Fact]
    public void A_late_event_does_not_hide_that_the_task_has_ended()
    {
        _tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Created)));
        _tracker.StreamLost();
        Assert.Equal(["TaskStart a"], Receive(Start("a", 1)));

        Assert.Equal(["TaskExit 5"], Of(_tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Stopped, 5))), "a"));
    }

    [Fact]
    public void A_late_event_does_not_hide_that_the_task_is_gone()
    {
        _tracker.Compare(Observed(Task("late", 1, CtrTaskStatus.Running), Task("alive", 2, CtrTaskStatus.Running)));
        _tracker.StreamLost();
        _tracker.StreamBegan(Time(1000));
        Receive(new CtrTaskPausedEvent { ContainerId = "late", Timestamp = Time(999) });
        Receive(new CtrTaskPausedEvent { ContainerId = "alive", Timestamp = Time(1001) });

        var missed = _tracker.Compare(s_nothing);

        Assert.Equal(["TaskExit ", "TaskDelete"], Of(missed, "late"));
        Assert.Empty(Of(missed, "alive"));
    }

    [Fact]
    public void A_removal_without_an_exit_tells_the_exit()
    {
        _tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Running)));

        var report = _tracker.Receive(Stamp(Delete("a", 1, 6)));

        Assert.Equal(["TaskExit 6", "TaskDelete"], Of(report, "a"));
        Assert.Equal([true, false], report.Select(value => value.IsReconstructed));
    }

    [Fact]
    public void Want_of_memory_is_remembered_until_the_exit()
    {
        _tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Running), Task("b", 2, CtrTaskStatus.Running)));
        Receive(new CtrTaskOomEvent { ContainerId = "a" });

        Assert.True(Assert.IsType<CtrTaskExitEvent>(_tracker.Receive(Stamp(Exit("a", 1, 137))).Single()).OutOfMemory);
        Assert.False(Assert.IsType<CtrTaskExitEvent>(_tracker.Receive(Stamp(Exit("b", 2, 137))).Single()).OutOfMemory);
        _tracker.StreamLost();
        Receive(Create("a", 3));
        Receive(Start("a", 3));
        Assert.False(Assert.IsType<CtrTaskExitEvent>(_tracker.Receive(Stamp(Exit("a", 3, 0))).Single()).OutOfMemory);
    }

    [Fact]
    public void An_execs_exit_is_told_once_and_reconstructed()
    {
        _tracker.Compare(Observed(Task("a", 1, CtrTaskStatus.Running)));
        Receive(new CtrTaskExecStartedEvent { ContainerId = "a", ExecId = "seen", Pid = 8 });
        Receive(new CtrTaskExecStartedEvent { ContainerId = "a", ExecId = "missed", Pid = 9 });
        Assert.Single(Receive(Exit("a", 8, 1) with { ExecId = "seen" }));
        Assert.Empty(Receive(Exit("a", 8, 1) with { ExecId = "seen" }));
        Assert.Equal([(Namespace, "a", "missed")], _tracker.LiveExecs());
        _tracker.StreamLost();

        var exec = new CtrProcess { ContainerId = "a", ExecId = "missed", Pid = 9, Status = CtrTaskStatus.Stopped, ExitCode = 4, Address = "", Namespace = Namespace };
        var missed = _tracker.Compare(new DaemonObservation([], [Task("a", 1, CtrTaskStatus.Running)], [exec]));

        Assert.Equal((4, "missed"), (Assert.IsType<CtrTaskExitEvent>(missed.Single()).ExitCode, ((CtrTaskEvent)missed[0]).ExecId));
        Assert.Empty(_tracker.LiveExecs());
    }

    [Fact]
    public void Containers_that_were_made_changed_and_removed_meanwhile_are_told()
    {
        _tracker.Compare(new DaemonObservation([Container("changed", 1, 1), Container("gone", 1, 1), Container("again", 1, 1), Container("same", 1, 1)], [], []));
        _tracker.StreamLost();

        var missed = _tracker.Compare(new DaemonObservation([Container("changed", 1, 5), Container("new", 5, 5), Container("again", 5, 5), Container("same", 1, 1)], [], []));

        Assert.Equal(["ContainerUpdate"], Of(missed, "changed"));
        Assert.Equal(["ContainerDelete"], Of(missed, "gone"));
        Assert.Equal(["ContainerDelete", "ContainerCreate"], Of(missed, "again"));
        Assert.Equal(["ContainerCreate"], Of(missed, "new"));
        Assert.Empty(Of(missed, "same"));
    }

    [Fact]
    public void What_is_kept_is_bounded_by_what_the_daemon_has()
    {
        _tracker.Compare(s_nothing);
        for (var i = 0; i < 5000; i++)
        {
            Receive(Create("a" + i, 1));
            Receive(Start("a" + i, 1));
            Receive(Exit("a" + i, 1, 0));
            Receive(Delete("a" + i, 1));
        }

        Assert.Equal(0, _tracker.Count);
    }

    [Theory]
    [InlineData(5000, false)]
    [InlineData(600, true)]
    public void However_many_ended_while_the_stream_was_lost_none_is_told_twice(int count, bool again)
    {
        var ids = Enumerable.Range(0, count).Select(i => "a" + i).ToArray();
        _tracker.Compare(Observed([.. ids.Select(id => Task(id, 1, CtrTaskStatus.Running))]));
        foreach (var id in ids)
        {
            Receive(new CtrTaskExecStartedEvent { ContainerId = id, ExecId = "e", Pid = 2 });
        }

        _tracker.StreamLost();
        Assert.Equal(3 * count, _tracker.Compare(s_nothing).Count);
        if (again)
        {
            _tracker.StreamLost();
            _tracker.Compare(s_nothing);
        }

        foreach (var id in ids)
        {
            Assert.Empty(Receive(Exit(id, 2, 1) with { ExecId = "e" }));
            Assert.Empty(Receive(Exit(id, 1, 3)));
            Assert.Empty(Receive(Delete(id, 1)));
        }
    }

    [FsCheck.Xunit.Property]
    public void Each_start_and_exit_is_reported_once_whatever_is_lost_and_repeated(int[] choices)
    {
        var random = new Random(choices.Aggregate(17, (hash, choice) => unchecked((hash * 31) + choice)));
        var tracker = new EventTracker("unix:///x");
        tracker.Compare(s_nothing);
        var world = new Dictionary<string, (CtrTaskStatus Status, int Step)>();
        var reported = new List<CtrEvent>();
        var history = new List<CtrEvent>();
        for (int step = 0; step < 200; step++)
        {
            // A step of some task: the daemon tells of it, unless the stream is lost, and a shim may tell again later.
            var id = "t" + random.Next(5);
            var pid = id[1];
            world.TryGetValue(id, out var state);
            CtrEvent value = state.Step switch { 0 => Create(id, pid), 1 => Start(id, pid), _ => Exit(id, pid, 3) };
            if (state.Step == 3)
            {
                continue;
            }

            world[id] = (state.Step switch { 0 => CtrTaskStatus.Created, 1 => CtrTaskStatus.Running, _ => CtrTaskStatus.Stopped }, state.Step + 1);
            value = value with { Namespace = Namespace, Timestamp = Time(step) };
            history.Add(value);
            if (random.Next(3) == 0)
            {
                tracker.StreamLost();
                var late = random.Next(3) == 0 ? tracker.Receive(value) : [];
                reported.AddRange(late);
                reported.AddRange(tracker.Compare(Observed([.. world.Select(one => Task(one.Key, one.Key[1], one.Value.Status, 3))])));
            }
            else
            {
                reported.AddRange(tracker.Receive(value));
            }

            if (random.Next(4) == 0)
            {
                reported.AddRange(tracker.Receive(history[random.Next(history.Count)]));
            }
        }

        foreach (var id in world.Keys)
        {
            Assert.Equal(history.Where(value => value.Id == id).Select(value => value.Type), reported.Where(value => value.Id == id).Select(value => value.Type));
        }
    }

    private static DaemonObservation Observed(params CtrTask[] tasks) => new([], tasks, []);

    private static CtrTask Task(string id, int pid, CtrTaskStatus status, int? code = null) => new()
    {
        Id = id, Pid = pid, Status = status, ExitCode = status == CtrTaskStatus.Stopped ? code : null, ExitedAt = Time(1), Address = "", Namespace = Namespace,
    };

    private static CtrContainer Container(string id, int created, int updated) => new()
    {
        Id = id, Image = "i", Runtime = "r", CreatedAt = Time(created), UpdatedAt = Time(updated), Address = "", Namespace = Namespace,
    };

    private static DateTimeOffset Time(int seconds) => DateTimeOffset.UnixEpoch.AddSeconds(seconds);

    private static CtrTaskCreateEvent Create(string id, int pid) => new() { ContainerId = id, Pid = pid };

    private static CtrTaskStartEvent Start(string id, int pid) => new() { ContainerId = id, Pid = pid };

    private static CtrTaskExitEvent Exit(string id, int pid, int code) => new() { ContainerId = id, Pid = pid, ExitCode = code };

    private static CtrTaskDeleteEvent Delete(string id, int pid, int code = 0) => new() { ContainerId = id, Pid = pid, ExitCode = code };

    private static string[] Of(IEnumerable<CtrEvent> events, string id) =>
        [.. events.Where(value => value.Id == id).Select(value => value is CtrTaskExitEvent exit ? $"{exit.Type} {exit.ExitCode}" : value.Type)];

    private CtrEvent Stamp(CtrEvent value) =>
        value with { Namespace = Namespace, Timestamp = value.Timestamp == default ? Time(10 + _clock++) : value.Timestamp };

    private string[] Receive(CtrEvent value) => [.. _tracker.Receive(Stamp(value)).Select(one => $"{one.Type} {one.Id}")];
}
