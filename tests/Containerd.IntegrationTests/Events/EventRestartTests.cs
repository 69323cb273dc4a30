using Containerd.Client;
using Xunit.Abstractions;

namespace Containerd.IntegrationTests.Events;

/// <summary>
/// containerd is killed and started again while short tasks are made, started and removed. The kills fall at any moment, also
/// in the middle of a call. Each process writes down itself that it began and ended: with that what was told is compared.
/// </summary>
public sealed class EventRestartTests(PrivateDaemon daemon, ITestOutputHelper output) : IClassFixture<PrivateDaemon>
{
    private const int TaskCount = 200;
    private const int KillCount = 20;

    private const int AtATime = 8;
    private const int Killed = 137;

    // What runc's init ends with by itself when its "runc start", which a killed daemon's shim gives up, has gone before it
    // could run the process.
    private const int NotRun = 1;

    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(2);

    // As it starts, a daemon since 1.7 removes tasks that ended without it: since containerd's #6860 it takes their shims for
    // leaked. Their exit codes are gone then, and all trace of a task of which nothing had been told.
    private static readonly Version s_forgets = new(1, 7);

    // From each kill until there was a stream of events again.
    private readonly List<(double From, double To)> _outages = [];

    [SkippableFact]
    public async Task Each_start_and_exit_is_reported_once_while_the_daemon_is_killed_again_and_again()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await using var feed = await client.Events.SubscribeAsync(new EventSubscription { Topics = ["/tasks", "/last"] }).WaitAsync(s_hang);
        using var end = new CancellationTokenSource();
        var journal = Directory.CreateDirectory(Path.Combine(daemon.Directory, "journal")).FullName;
        using var tasks = new ShortTasks(client, journal, Path.Combine(daemon.State, "io.containerd.runtime.v2.task", client.Namespace));
        var collecting = tasks.CollectAsync(feed, end.Token);

        var done = 0;
        var killing = KillAndStartAsync(tasks);
        var running = Parallel.ForEachAsync(Enumerable.Range(0, TaskCount), new ParallelOptions { MaxDegreeOfParallelism = AtATime }, async (number, _) =>
        {
            await tasks.RunAsync(number);
            Interlocked.Increment(ref done);
        });
        for (var before = 0; await Task.WhenAny(running, Task.Delay(s_hang)) != running; before = done)
        {
            Assert.True(done > before, $"It hangs: {killing.Exception?.Message} {string.Join("; ", tasks.Doing.Select(doing => $"{doing.Key}: {doing.Value}, told {Told(tasks.Events.Where(e => e.Id == doing.Key))}"))}");
        }

        await running;
        await killing.WaitAsync(s_hang);
        await tasks.WaitForTheLastAsync().WaitAsync(s_hang);
        await end.CancelAsync();
        await collecting.WaitAsync(s_hang);

        var all = tasks.Events.ToArray();
        output.WriteLine($"{all.Length} events, {all.Count(e => e.IsReconstructed)} of them reconstructed; {tasks.Gaps} losses of the stream; calls broken off: {string.Join(", ", tasks.Failures)}");

        // Each kill was waited for until its loss was told. A new stream may be lost too, before the daemon under load has answered.
        Assert.InRange(tasks.Gaps, KillCount, (2 * KillCount) - 1);
        Assert.Contains(all, e => e is CtrTaskExitEvent && e.IsReconstructed);
        Assert.Contains("start", tasks.Failures);
        foreach (var number in Enumerable.Range(0, TaskCount))
        {
            Check(number, all.Where(e => e.Id == ShortTasks.IdOf(number)).Cast<CtrTaskEvent>().ToArray(), tasks);
        }
    }

    /// <summary>Compares what was told of a container with the processes that there were in it.</summary>
    private void Check(int number, CtrTaskEvent[] told, ShortTasks tasks)
    {
        var processes = tasks.JournalOf(number);
        var lives = told.GroupBy(PidOf).ToArray();
        var all = Told(told);
        Assert.True(told.SequenceEqual(lives.SelectMany(life => life)), $"task-{number}: {all}");
        foreach (var life in lives)
        {
            var started = processes.Remove(life.Key, out var process);
            var kinds = life.Select(e => e.Type).ToArray();

            // A kill of the daemon gives up a "runc start", which may have run the process already: the shim says that it is only
            // created, and nobody that it was started.
            var withStart = kinds.Contains("TaskStart") || tasks.WasStarted(ShortTasks.IdOf(number), life.Key);
            string[] expected = withStart ? ["TaskCreate", "TaskStart", "TaskExit", "TaskDelete"] : ["TaskCreate", "TaskExit", "TaskDelete"];
            Assert.True(expected.SequenceEqual(kinds), $"task-{number} ({process}): {all}; outages: {string.Join(", ", _outages)}");
            if (started && !withStart)
            {
                output.WriteLine($"no start of task-{number} was told, {process}; {string.Join(", ", _outages.Where(outage => outage.From < process!.Began + 2 && outage.To > process.Began - 2))}");
            }

            var exit = life.OfType<CtrTaskExitEvent>().Single();
            if (!(PrivateDaemon.Version >= s_forgets && exit is { IsReconstructed: true, ExitCode: null }))
            {
                int[] codes = process is { Ended: not null } ? [number % 100] : started || life.Any(e => e is CtrTaskStartEvent { IsReconstructed: false }) ? [Killed] : [Killed, NotRun];
                Assert.True(exit.ExitCode is { } code && codes.Contains(code), $"task-{number}: {exit.ExitCode} of {life.Key} ({process}), expected {string.Join(" or ", codes)}; {all}");
            }
        }

        foreach (var (pid, process) in processes)
        {
            Assert.True(
                PrivateDaemon.Version >= s_forgets && _outages.Exists(outage => process.Began < outage.To && outage.From < (process.Ended ?? process.Began) + 0.5),
                $"task-{number}: nothing was told of {pid} ({process}); {all}; outages: {string.Join(", ", _outages)}");
            output.WriteLine($"nothing was told of task-{number}, {process}");
        }
    }

    private static string Told(IEnumerable<CtrEvent> events) =>
        string.Join(", ", events.Cast<CtrTaskEvent>().Select(e => $"{e.Type}{(e.IsReconstructed ? "*" : "")} {PidOf(e)}"));

    private static int PidOf(CtrTaskEvent value) => value switch
    {
        CtrTaskCreateEvent create => create.Pid,
        CtrTaskStartEvent start => start.Pid,
        CtrTaskExitEvent exit => exit.Pid,
        CtrTaskDeleteEvent delete => delete.Pid,
        _ => throw new InvalidOperationException(value.ToString()),
    };

    private async Task KillAndStartAsync(ShortTasks tasks)
    {
        var random = new Random(1);
        for (var i = 0; i < KillCount; i++)
        {
            await tasks.WaitForStartingAsync((i + 1) * (TaskCount / (KillCount + 1)));
            await Task.Delay(random.Next(80));
            var from = JournalEntry.Now();
            await daemon.KillAsync();
            await EndAsync(tasks.LastPid).WaitAsync(s_hang);
            var gaps = tasks.Gaps;
            await daemon.RestartAsync();
            _outages.Add((from, await tasks.WaitForStreamAsync(gaps)));
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
}
