using System.Collections.Concurrent;
using Containerd.Client;
using Containerd.IntegrationTests.Tasks;

namespace Containerd.IntegrationTests.Events;

public sealed class EventHandlingTests(DaemonFixture daemon) : TaskTests(daemon)
{
    private EventClient Events => Daemon.Client.Events;

    [SkippableFact]
    public async Task A_handler_that_hangs_or_fails_holds_up_no_other_container_and_the_order_within_each_holds()
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks"] }).WaitAsync(Hang);
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => ContainerAsync("sh", "-c", $"exit {i}")));
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new ConcurrentDictionary<string, ConcurrentQueue<string>>(ids.ToDictionary(id => id, _ => new ConcurrentQueue<string>()));
        var ended = ids.ToDictionary(id => id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var failures = new ConcurrentQueue<(CtrEvent Event, string Message)>();
        using var end = new CancellationTokenSource();

        var handling = feed.ForEachAsync(
            async (value, token) =>
            {
                seen[value.Id].Enqueue(value.Type);
                await (value.Id == ids[0] ? held.Task : Task.Delay(20, token));
                if (value is CtrTaskExitEvent)
                {
                    ended[value.Id].SetResult();
                }

                if (value.Id == ids[1])
                {
                    throw new InvalidOperationException("The test wants it so.");
                }
            },
            (value, failure) => failures.Enqueue((value, failure.Message)),
            end.Token);
        await Task.WhenAll(ids.Select(id => Tasks.StartAsync(id, DetachedOutput.None))).WaitAsync(Hang);

        string[] life = ["TaskCreate", "TaskStart", "TaskExit"];
        await Task.WhenAll(ids.Skip(1).Select(id => ended[id].Task)).WaitAsync(Hang);
        Assert.Equal(["TaskCreate"], seen[ids[0]]);
        Assert.All(ids.Skip(1), id => Assert.Equal(life, seen[id]));
        held.SetResult();
        await ended[ids[0]].Task.WaitAsync(Hang);
        Assert.Equal(life, seen[ids[0]]);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handling.WaitAsync(Hang));
        Assert.Equal(life.Select(type => (ids[1], type)), failures.Select(failure => (failure.Event.Id, failure.Event.Type)));
        Assert.All(failures, failure => Assert.Equal("The test wants it so.", failure.Message));
    }

    [SkippableFact]
    public async Task Beyond_what_may_wait_events_are_dropped_and_counted()
    {
        Daemon.Require();
        await using var feed = await Events.SubscribeAsync(new EventSubscription { Topics = ["/test"], BufferSize = 4 }).WaitAsync(Hang);
        await using var witness = await Events.SubscribeAsync(new EventSubscription { Topics = ["/test"] }).WaitAsync(Hang);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var accounted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long handled = 0, lost = 0;
        const int Count = 100;

        var handling = feed.ForEachAsync(
            async (value, _) =>
            {
                await held.Task;
                if (value is CtrEventGap gap)
                {
                    Interlocked.Add(ref lost, gap.LostCount!.Value);
                }
                else
                {
                    Interlocked.Increment(ref handled);
                }

                if (Interlocked.Read(ref handled) + Interlocked.Read(ref lost) == Count)
                {
                    accounted.TrySetResult();
                }
            },
            (_, failure) => accounted.TrySetException(failure));
        for (var i = 0; i < Count; i++)
        {
            await Events.PublishAsync("/test/number", new Dictionary<string, object?> { ["id"] = $"n{i % 3}", ["number"] = i });
        }

        await EventTests.TakeAsync(witness, value => value is CtrDataEvent { Data: var data } && data["number"] is double number && number == Count - 1);
        held.SetResult();

        await accounted.Task.WaitAsync(Hang);
        Assert.True(lost > 0, "Four are handled or wait for their turn, and four in the buffer: the others were not dropped.");
        await feed.DisposeAsync();
        await handling.WaitAsync(Hang);
        Assert.Equal(Count, handled + lost);
    }
}
