using System.Collections.Concurrent;
using Containerd.Client;
using Xunit.Abstractions;

namespace Containerd.IntegrationTests.Events;

public sealed class EventRestartTests(PrivateDaemon daemon, ITestOutputHelper output) : IClassFixture<PrivateDaemon>
{
    private const int TaskCount = 200;
    private const int KillCount = 20;
    private const int AtATime = 8;

    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(4);

    [SkippableFact]
    public async Task Each_start_and_exit_is_reported_once_while_the_daemon_is_killed_again_and_again()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await using var feed = await client.Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks"] }).WaitAsync(s_hang);
        using var run = new Run(client);

        // As it starts, a daemon since 1.7 removes tasks that ended without it: since containerd's #6860 it takes their shims for
        // leaked. Their exit codes are gone then, and all trace of a task of which nothing had been told.
        var forgets = PrivateDaemon.Version >= new Version(1, 7);
        using var end = new CancellationTokenSource();
        var collecting = run.CollectAsync(feed, end.Token);

        var killing = KillAndStartAsync(daemon, run, forgets);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, TaskCount), new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (number, _) => await run.RunTaskAsync(number)).WaitAsync(s_hang);
        await killing.WaitAsync(s_hang);
        await end.CancelAsync();
        await collecting.WaitAsync(s_hang);

        var all = run.Events.ToArray();
        output.WriteLine($"{all.Length} events, {all.Count(e => e.IsReconstructed)} of them reconstructed; {run.Gaps} losses of the stream");
        Assert.Equal(KillCount, run.Gaps);
        Assert.Contains(all, e => e is CtrTaskExitEvent && e.IsReconstructed);
        var unknown = all.Count(e => e is CtrTaskExitEvent { ExitCode: null });
        output.WriteLine($"{unknown} exit codes that the daemon forgot");
        foreach (var number in Enumerable.Range(0, TaskCount))
        {
            var own = all.Where(e => e.Id == $"task-{number}").ToArray();

            // A shim ends right after it has sent the removal, which may be lost with it.
            Assert.Equal(["TaskCreate", "TaskStart", "TaskExit"], own.Select(e => e.Type).Take(3));
            Assert.True(own.Length == 3 || (own.Length == 4 && own[3] is CtrTaskDeleteEvent), string.Join(' ', own.Select(e => e.Type)));
            var exit = (CtrTaskExitEvent)own[2];
            if (!(forgets && exit.IsReconstructed && exit.ExitCode is null))
            {
                Assert.Equal(number % 100, exit.ExitCode);
            }
        }
    }

    private static async Task KillAndStartAsync(PrivateDaemon daemon, Run run, bool forgets)
    {
        for (var i = 0; i < KillCount; i++)
        {
            await run.WaitForStartsAsync((i + 1) * (TaskCount / (KillCount + 1)));
            using (await run.PauseCallsAsync())
            {
                if (forgets)
                {
                    await run.WaitForReportsAsync();
                }

                await daemon.KillAsync();
                await EndAsync(run.LastPid);
                await daemon.RestartAsync();
            }
        }
    }

    // So that something ends while the daemon is down.
    private static async Task EndAsync(int pid)
    {
        while (Directory.Exists($"/proc/{pid}"))
        {
            await Task.Delay(10);
        }
    }

    /// <summary>
    /// Short tasks, of which some run at any time. The daemon is killed while they run, but not in the middle of a call of the
    /// test's own, whose outcome could then not be known.
    /// </summary>
    private sealed class Run(ContainerdClient client) : IDisposable
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _exits = new();
        private readonly SemaphoreSlim _calls = new(AtATime);
        private readonly SemaphoreSlim _started = new(0);
        private int _awaited;
        private int _runs;

        public ConcurrentQueue<CtrEvent> Events { get; } = new();

        public int LastPid { get; private set; }

        public int Gaps { get; private set; }

        public void Dispose()
        {
            _calls.Dispose();
            _started.Dispose();
        }

        public async Task CollectAsync(EventFeed feed, CancellationToken cancellationToken)
        {
            try
            {
                await foreach (var value in feed.WithCancellation(cancellationToken))
                {
                    if (value is CtrEventGap)
                    {
                        Gaps++;
                        continue;
                    }

                    Events.Enqueue(value);
                    if (value is CtrTaskExitEvent)
                    {
                        Exit(value.Id).TrySetResult();
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
        }

        public async Task RunTaskAsync(int number)
        {
            var id = $"task-{number}";
            using (await CallAsync())
            {
                await client.Containers.CreateAsync(new ContainerCreateOptions
                {
                    Image = "docker.io/library/busybox:latest",
                    SpecOptions = new() { Id = id, Command = ["sh", "-c", $"sleep 0.{number % 10}; sleep {number % 3}; exit {number % 100}"] },
                });
                LastPid = (await client.Tasks.StartAsync(id, DetachedOutput.None)).Pid;
                Interlocked.Increment(ref _runs);
                _started.Release();
            }

            await Exit(id).Task.WaitAsync(s_hang);
            using (await CallAsync())
            {
                await client.Tasks.ForceDeleteAsync(id);
                await client.Containers.DeleteAsync(id);
            }
        }

        public async Task WaitForStartsAsync(int count)
        {
            for (; _awaited < count; _awaited++)
            {
                await _started.WaitAsync();
            }
        }

        /// <summary>Until something was told of each task that runs; no call is under way.</summary>
        public async Task WaitForReportsAsync()
        {
            while (Events.Count(e => e is CtrTaskCreateEvent) < Volatile.Read(ref _runs))
            {
                await Task.Delay(10);
            }
        }

        public async Task<IDisposable> PauseCallsAsync() => await TakeAsync(AtATime);

        private Task<IDisposable> CallAsync() => TakeAsync(1);

        private async Task<IDisposable> TakeAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await _calls.WaitAsync();
            }

            return new Taken(() => _calls.Release(count));
        }

        private TaskCompletionSource Exit(string id) =>
            _exits.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    private sealed class Taken(Action release) : IDisposable
    {
        public void Dispose() => release();
    }
}
