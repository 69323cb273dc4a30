using Containerd.Client;
using Containerd.IntegrationTests.Tasks;
using Xunit.Abstractions;

namespace Containerd.IntegrationTests.Events;

public sealed class EventTests(DaemonFixture daemon, ITestOutputHelper output) : TaskTests(daemon)
{
    private const int SigTerm = 15;

    private EventClient Events => Daemon.Client.Events;

    [SkippableFact]
    public async Task The_life_of_a_container_and_its_task_is_told_in_order()
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync().WaitAsync(Hang);

        var id = await ContainerAsync("sh", "-c", "exit 7");
        var started = await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);
        await Tasks.DeleteAsync(id);
        await Daemon.Client.Containers.DeleteAsync(id);

        var events = await TakeAsync(feed, value => value.Id == id && value is CtrContainerDeleteEvent);
        var containers = events.Where(value => value.Id == id && value is CtrContainerEvent and not CtrContainerUpdateEvent).ToArray();
        Assert.Equal(["/containers/create", "/containers/delete"], containers.Select(value => value.Topic));
        Assert.Equal(Image, Assert.IsType<CtrContainerCreateEvent>(containers[0]).Image);
        var own = events.Where(value => value.Id == id && value is CtrTaskEvent).ToArray();
        Assert.Equal(["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"], own.Select(value => value.Topic));

        // The daemon tells of containers and the shim of tasks: the removal may come after that of the container, or never.
        Assert.All(own.SkipLast(1), value => Assert.False(value.IsReconstructed));
        Assert.All(own, value => Assert.Equal(Daemon.Namespace, value.Namespace));
        var create = Assert.IsType<CtrTaskCreateEvent>(own[0]);
        Assert.Equal(started.Pid, create.Pid);
        Assert.NotEmpty(create.Bundle);
        Assert.Contains(create.RootFs, mount => mount.Type is "overlay" or "bind");
        Assert.Equal(started.Pid, Assert.IsType<CtrTaskStartEvent>(own[1]).Pid);
        var exit = Assert.IsType<CtrTaskExitEvent>(own[2]);
        Assert.Equal((started.Pid, 7, null, false), (exit.Pid, exit.ExitCode, exit.ExecId, exit.OutOfMemory));
        Assert.NotNull(exit.ExitedAt);
        var delete = Assert.IsType<CtrTaskDeleteEvent>(own[3]);
        Assert.Equal((started.Pid, 7, exit.ExitedAt), (delete.Pid, delete.ExitCode, delete.ExitedAt));
        Assert.Contains(events, value => value is CtrSnapshotPrepareEvent { Parent.Length: > 0 });
    }

    [SkippableFact]
    public async Task Each_removal_is_told_once_although_shims_end_before_their_last_event_has_gone_out()
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks/delete", "/last"] }).WaitAsync(Hang);
        var ids = new List<string>();

        for (var i = 0; i < 20; i++)
        {
            ids.Add(await ContainerAsync("sh", "-c", $"exit {i}"));
            await Tasks.StartAsync(ids[i], DetachedOutput.None).WaitAsync(Hang);
            await Tasks.WaitAsync(ids[i]).WaitAsync(Hang);
            await Tasks.DeleteAsync(ids[i]);
            await Daemon.Client.Containers.DeleteAsync(ids[i]);
        }

        await Events.PublishAsync("/last", new Dictionary<string, object?>());
        var removals = (await TakeAsync(feed, value => value.Topic == "/last")).OfType<CtrTaskDeleteEvent>().ToArray();
        output.WriteLine($"{removals.Count(removal => removal.IsReconstructed)} of {removals.Length} removals reconstructed");
        Assert.Equal(ids.Select((id, i) => (id, (int?)i)), removals.Select(removal => (removal.Id, removal.ExitCode)));
    }

    [SkippableFact]
    public async Task A_task_that_is_frozen_and_goes_on_is_told()
    {
        Daemon.Require();
        var id = await RunningAsync();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks"] }).WaitAsync(Hang);

        await Tasks.PauseAsync(id).WaitAsync(Hang);
        await Tasks.ResumeAsync(id).WaitAsync(Hang);
        await Tasks.PauseAsync(id).WaitAsync(Hang);
        await Tasks.ResumeAsync(id).WaitAsync(Hang);
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);

        var events = await TakeAsync(feed, value => value is CtrTaskExitEvent);
        Assert.Equal(["/tasks/paused", "/tasks/resumed", "/tasks/paused", "/tasks/resumed", "/tasks/exit"], events.Select(value => value.Topic));
        Assert.IsType<CtrTaskPausedEvent>(events[0]);
        Assert.IsType<CtrTaskResumedEvent>(events[1]);
        Assert.All(events, value => Assert.Equal((id, false), (value.Id, value.IsReconstructed)));
    }

    [SkippableFact]
    public async Task Want_of_memory_is_told_and_the_exit_carries_it_on()
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks"] }).WaitAsync(Hang);

        // A line without an end has to be held whole. The kernel kills what is largest, and the first process lives on; what runs
        // an exec needs room too. The event may come before the killed one has ended: only what was trapped before is heard.
        var id = await ContainerAsync(
            options => options with { Memory = 64 << 20 }, ["sh", "-c", "trap 'exit 3' TERM; tail /dev/zero; while :; do sleep 3600 & wait; done"]);
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);

        var oom = Assert.IsType<CtrTaskOomEvent>((await TakeAsync(feed, value => value is CtrTaskOomEvent or CtrTaskExitEvent))[^1]);
        Assert.Equal(("/tasks/oom", id, null), (oom.Topic, oom.Id, oom.ExecId));
        var exec = await ExecAsync(id, "sh", "-c", "exit 4");
        Assert.Equal(4, exec.ExitCode);
        await Tasks.SendSignalAsync(id, SigTerm).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);
        var exits = (await TakeAsync(feed, value => value is CtrTaskExitEvent { ExecId: null })).OfType<CtrTaskExitEvent>();
        Assert.Equal([(4, true), (3, true)], exits.Select(exit => (exit.ExitCode!.Value, exit.OutOfMemory)));

        var again = await ContainerAsync("sh", "-c", "exit 5");
        await Tasks.StartAsync(again, DetachedOutput.None).WaitAsync(Hang);
        Assert.False(((CtrTaskExitEvent)(await TakeAsync(feed, value => value is CtrTaskExitEvent))[^1]).OutOfMemory);
    }

    [SkippableFact]
    public async Task An_exec_is_told_with_its_id()
    {
        Daemon.Require();
        var id = await RunningAsync();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks"] }).WaitAsync(Hang);

        await Tasks.ExecAsync(id, new ExecOptions { ExecId = "e1", Command = ["sh", "-c", "exit 4"] }).WaitAsync(Hang);

        var events = await TakeAsync(feed, value => value is CtrTaskExitEvent);
        Assert.Equal(["TaskExecAdded", "TaskExecStarted", "TaskExit"], events.Select(value => value.Type));
        Assert.All(events, value => Assert.Equal((id, "e1"), (value.Id, ((CtrTaskEvent)value).ExecId)));
        Assert.Equal(4, ((CtrTaskExitEvent)events[^1]).ExitCode);
    }

    [SkippableTheory]
    [InlineData("/test/a", "/test/a,/test/a/b")]
    [InlineData("test/a/", "/test/a,/test/a/b")]
    [InlineData("/test/*", "/test/a,/test/ab,/test/a/b,/test/x.y")]
    [InlineData("/test/a?", "/test/ab")]
    [InlineData("/test/x.y", "/test/x.y")]
    [InlineData("/test/x?y", "/test/x.y")]
    [InlineData("*/b", "/test/a/b")]
    public async Task A_topic_is_itself_and_what_is_below_it_or_what_its_wildcards_fit(string topic, string expected)
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = [topic, "/last"] }).WaitAsync(Hang);
        using var other = PrivateNamespace();

        await other.Client.Events.PublishAsync("/test/a", new Dictionary<string, object?>());
        foreach (var published in new[] { "/test/a", "/test/ab", "/test/a/b", "/test/x.y", "/last" })
        {
            await Events.PublishAsync(published, new Dictionary<string, object?>());
        }

        var events = await TakeAsync(feed, value => value.Topic == "/last");
        Assert.Equal(expected.Split(','), events.SkipLast(1).Select(value => value.Topic));
        Assert.All(events, value => Assert.Equal(Daemon.Namespace, value.Namespace));
    }

    [SkippableFact]
    public async Task What_is_published_is_received_as_it_was()
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync().WaitAsync(Hang);

        await Events.PublishAsync("/backup/done", new Dictionary<string, object?>
        {
            ["id"] = "b1", ["files"] = 3, ["ok"] = true, ["nothing"] = null, ["parts"] = new object?[] { "a", 1.5 },
            ["nested"] = new Dictionary<string, object?> { ["key"] = "ü" },
        });
        await Events.PublishAsync("/raw", "test.Unknown", new byte[] { 1, 2, 3 });
        await Events.PublishAsync("/broken", "containerd.events.TaskExit", new byte[] { 255, 255 });

        var events = await TakeAsync(feed, value => value.Topic == "/broken");
        var data = Assert.IsType<CtrDataEvent>(events.Single(value => value.Topic == "/backup/done"));
        Assert.Equal("b1", data.Id);
        Assert.Equal((3.0, true, null), (data.Data["files"], data.Data["ok"], data.Data["nothing"]));
        Assert.Equal(new object?[] { "a", 1.5 }, data.Data["parts"]);
        Assert.Equal("ü", ((IReadOnlyDictionary<string, object?>)data.Data["nested"]!)["key"]);
        var raw = Assert.IsType<CtrUnknownEvent>(events.Single(value => value.Topic == "/raw"));
        Assert.Equal("test.Unknown", raw.TypeUrl);
        Assert.Equal(new byte[] { 1, 2, 3 }, raw.Value.ToArray());
        Assert.IsType<CtrUnknownEvent>(events[^1]);
    }

    [SkippableFact]
    public async Task Raw_filters_hold_beside_the_topics_and_all_namespaces_can_be_wanted()
    {
        Daemon.Require();
        using var other = PrivateNamespace();
        await using var filtered = await Events.SubscribeAsync(
            new EventSubscription { Topics = ["/tasks"], Filters = ["event.container_id==wanted", "event.container_id==\"wanted-too\""] }).WaitAsync(Hang);
        await using var everywhere = await Events.SubscribeAsync(new EventSubscription { Topics = ["/images"], AllNamespaces = true }).WaitAsync(Hang);

        foreach (var id in new[] { "other", "wanted", "wanted-too" })
        {
            await Events.PublishAsync("/tasks/paused", "containerd.events.TaskPaused", Paused(id));
        }

        await other.Client.Events.PublishAsync("/images/seen", new Dictionary<string, object?>());

        Assert.Equal(["wanted", "wanted-too"], (await TakeAsync(filtered, value => value.Id == "wanted-too")).Select(value => value.Id));
        Assert.Equal(other.Client.Namespace, (await TakeAsync(everywhere, value => value.Topic == "/images/seen"))[^1].Namespace);
    }

    [SkippableFact]
    public async Task A_namespace_is_told_of_as_it_is_made_changed_and_removed()
    {
        Daemon.Require();
        var name = $"events-{Guid.NewGuid():N}";
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/namespaces"], AllNamespaces = true }).WaitAsync(Hang);

        await Daemon.RunCtrAsync("namespaces", "create", name, "color=blue");
        await Daemon.RunCtrAsync("namespaces", "label", name, "shape=round");
        await Daemon.RunCtrAsync("namespaces", "remove", name);

        var events = (await TakeAsync(feed, value => value is CtrNamespaceDeleteEvent && value.Id == name)).Where(value => value.Id == name).ToArray();
        Assert.Equal(["/namespaces/create", "/namespaces/update", "/namespaces/delete"], events.Select(value => value.Topic));
        Assert.Equal("blue", Assert.IsType<CtrNamespaceCreateEvent>(events[0]).Labels["color"]);
        Assert.Equal("round", Assert.IsType<CtrNamespaceUpdateEvent>(events[1]).Labels["shape"]);
    }

    [SkippableFact]
    public async Task A_filter_or_topic_that_is_none_is_an_error()
    {
        Daemon.Require();

        await AssertErrorAsync("InvalidTopic", CtrErrorKind.InvalidArgument, () => Events.SubscribeAsync(new EventSubscription { Topics = [" "] }));
        await AssertErrorAsync("InvalidTopic", CtrErrorKind.InvalidArgument, () => Events.PublishAsync("none", new Dictionary<string, object?>()));
        var error = await Assert.ThrowsAsync<CtrException>(
            () => Events.SubscribeAsync(new EventSubscription { Filters = ["topic~=|^("] }).WaitAsync(Hang));
        Assert.Equal(CtrErrorKind.InvalidArgument, error.Kind);
    }

    private static byte[] Paused(string id) => [0x0a, (byte)id.Length, .. System.Text.Encoding.ASCII.GetBytes(id)];

    private Containers.PrivateClient PrivateNamespace() => new(Daemon.Address, $"events-{Guid.NewGuid():N}");

    internal static async Task<List<CtrEvent>> TakeAsync(EventFeed feed, Func<CtrEvent, bool> last)
    {
        using var timeout = new CancellationTokenSource(Hang);
        var taken = new List<CtrEvent>();
        await foreach (var value in feed.WithCancellation(timeout.Token))
        {
            taken.Add(value);
            if (last(value))
            {
                break;
            }
        }

        return taken;
    }
}
