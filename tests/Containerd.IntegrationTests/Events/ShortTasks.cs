using System.Collections.Concurrent;
using Containerd.Client;

namespace Containerd.IntegrationTests.Events;

/// <summary>
/// Short tasks on a daemon that may be killed at any moment. A call that fails tells nothing of what came of it: the daemon is
/// asked, and what is missing is done again.
/// </summary>
internal sealed class ShortTasks(ContainerdClient client, string journal, string taskDirectories) : IDisposable
{
    // A directory that a kill left may be one that the daemon is about to remove; or it stays for good (containerd#11071).
    private const int TriesWithDirectory = 50;

    private readonly ConcurrentDictionary<(string Id, int Pid), bool> _exits = new();
    private readonly ConcurrentDictionary<(string Id, int Pid), bool> _started = new();
    private readonly SemaphoreSlim _starting = new(0);
    private readonly TaskCompletionSource _last = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _awaited;

    public ConcurrentQueue<CtrEvent> Events { get; } = new();

    public int LastPid { get; private set; }

    /// <summary>How often the stream of events was lost, and was there again.</summary>
    public int Gaps { get; private set; }

    /// <summary>How often the daemon was away while something was done.</summary>
    public ConcurrentDictionary<string, int> Failures { get; } = new();

    /// <summary>What is being done with each container that is not done with.</summary>
    public ConcurrentDictionary<string, string> Doing { get; } = new();

    public static string IdOf(int number) => $"task-{number}";

    public void Dispose() => _starting.Dispose();

    /// <summary>Whether the daemon has said that a process was started.</summary>
    public bool WasStarted(string id, int pid) => _started.ContainsKey((id, pid));

    public Dictionary<int, JournalEntry> JournalOf(int number) => JournalEntry.Read(Path.Combine(journal, IdOf(number)));

    public async Task CollectAsync(EventFeed feed, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var value in feed.WithCancellation(cancellationToken))
            {
                switch (value)
                {
                    case CtrEventGap:
                        Gaps++;
                        break;
                    case CtrDataEvent:
                        _last.TrySetResult();
                        break;
                    default:
                        Events.Enqueue(value);
                        if (value is CtrTaskExitEvent exit)
                        {
                            _exits[(exit.Id, exit.Pid)] = true;
                        }

                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    public async Task RunAsync(int number)
    {
        var id = IdOf(number);
        await TryUntilDoneAsync(id, "create", async () =>
        {
            if (await FindAsync(() => client.Containers.GetAsync(id)) is null)
            {
                await client.Containers.CreateAsync(new ContainerCreateOptions
                {
                    Image = "docker.io/library/busybox:latest",
                    SpecOptions = new()
                    {
                        Id = id,
                        Command = ["sh", "-c", JournalEntry.Script(id, $"sleep 0.{number % 10}; sleep {number % 3}") + $"; exit {number % 100}"],
                        Mounts =
                        [
                            new() { Type = "bind", Source = journal, Destination = "/journal", Options = ["rbind"] },
                            new() { Type = "bind", Source = "/proc", Destination = "/host", Options = ["rbind", "ro"] },
                        ],
                    },
                });
            }
        });
        _starting.Release();
        await TryUntilDoneAsync(id, "start", () => StartAsync(id));
        await TryUntilDoneAsync(id, "wait", () => WaitForExitAsync(id));
        await TryUntilDoneAsync(id, "remove", async () =>
        {
            await client.Tasks.ForceDeleteAsync(id);
            if (await FindAsync(() => client.Containers.GetAsync(id)) is not null)
            {
                await client.Containers.DeleteAsync(id);
            }
        });
        Doing.TryRemove(id, out _);
    }

    /// <summary>Until so many tasks are being started or have been.</summary>
    public async Task WaitForStartingAsync(int count)
    {
        for (; _awaited < count; _awaited++)
        {
            await _starting.WaitAsync();
        }
    }

    /// <summary>Until there is a stream of events again, after so many losses; by then the host's uptime is what this gives.</summary>
    public async Task<double> WaitForStreamAsync(int gaps)
    {
        while (Gaps <= gaps)
        {
            await Task.Delay(10);
        }

        return JournalEntry.Now();
    }

    /// <summary>Until all that has happened was told, after the last loss of the stream too.</summary>
    public async Task WaitForTheLastAsync()
    {
        while (Events.Count(e => e is CtrTaskCreateEvent) > Events.Count(e => e is CtrTaskDeleteEvent))
        {
            await Task.Delay(10);
        }

        await client.Events.PublishAsync("/last", new Dictionary<string, object?>());
        await _last.Task;
    }

    private async Task StartAsync(string id)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var task = await FindAsync(() => client.Tasks.GetAsync(id));
                var pid = task is null or { Status: CtrTaskStatus.Created } ? (await client.Tasks.StartAsync(id, DetachedOutput.None)).Pid : task.Pid;
                LastPid = pid;
                _started[(id, pid)] = true;
                return;
            }
            catch (CtrException e) when (e.Kind is CtrErrorKind.AlreadyExists || e.ErrorId == "TaskAlreadyStarted" || e.Message.Contains("already dead", StringComparison.Ordinal))
            {
                // What the kill left of a task that was being made: a shim without one, or one that it calls created, whose process
                // has begun, or has ended already.
                Doing[id] = e.Message;
                string left = e.Kind is CtrErrorKind.AlreadyExists ? "shim without a task" : e.ErrorId == "TaskAlreadyStarted" ? "created task that runs" : "created task that has ended";
                Failures.AddOrUpdate(left, 1, (_, count) => count + 1);
                await client.Tasks.ForceDeleteAsync(id);
                if (e.ErrorId == "TaskDirectoryLeft" && tries % TriesWithDirectory == 0)
                {
                    Directory.Delete(Path.Combine(taskDirectories, id), recursive: true);
                }
            }
        }
    }

    /// <summary>Until the exit of the task that the container has was told, or the daemon has forgotten the task.</summary>
    private async Task WaitForExitAsync(string id)
    {
        while (await FindAsync(() => client.Tasks.GetAsync(id)) is { } task && !_exits.ContainsKey((id, task.Pid)))
        {
            await Task.Delay(50);
        }
    }

    private async Task TryUntilDoneAsync(string id, string name, Func<Task> work)
    {
        while (true)
        {
            Doing[id] = name;
            try
            {
                await work();
                return;
            }
            catch (CtrException e) when (e.Kind is CtrErrorKind.Unavailable)
            {
                Failures.AddOrUpdate(name, 1, (_, count) => count + 1);
            }

            Doing[id] = $"{name} again";
            while (!await client.Introspection.IsServingAsync())
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task<T?> FindAsync<T>(Func<Task<T>> get)
        where T : class
    {
        try
        {
            return await get();
        }
        catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound)
        {
            return null;
        }
    }
}
