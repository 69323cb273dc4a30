using System.Diagnostics;
using Containerd.Client;
using Containerd.IntegrationTests.Tasks;

namespace Containerd.IntegrationTests.Faults;

/// <summary>After 500 runs and execs, some of them stopped half-way, there is what there was before. Counts this process's own files, so nothing else runs meanwhile.</summary>
[Collection("Alone")]
public sealed class LeakTests(DaemonFixture daemon) : TaskTests(daemon)
{
    private const int Execs = 440, Runs = 60, AtOnce = 4;

    // How many threads and descriptors the runtime's own pools may add; what leaks with each tenth run is more.
    private const int Pooled = 12;

    [SkippableFact]
    public async Task Nothing_is_left_of_500_runs_and_execs()
    {
        var id = await RunningAsync();
        var containers = new List<string>();
        for (var i = 0; i < AtOnce; i++)
        {
            containers.Add(await ContainerAsync("sh", "-c", "echo up; sleep 0.05"));
        }

        // Once each, so that what is made on first use is there.
        await ManyAsync(AtOnce, i => ExecAsync(id, i));
        await ManyAsync(AtOnce, i => RunAsync(containers[i], i));
        var before = await CountAsync();
        var (threads, files) = Own();

        await ManyAsync(Execs, i => ExecAsync(id, i));
        for (var i = 0; i < Runs; i += AtOnce)
        {
            var first = i;
            await ManyAsync(AtOnce, n => RunAsync(containers[n], first + n));
        }

        // What ends by itself, such as a shim or an idle thread, may do so a moment later.
        var watch = Stopwatch.StartNew();
        string[] after;
        while ((!(after = await CountAsync()).SequenceEqual(before) || IsMore(Own())) && watch.Elapsed < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(200);
        }

        Assert.Equal(before, after);
        Assert.False(IsMore(Own()), $"{threads} threads and {files} descriptors became {Own()}.");
        foreach (var container in containers.Append(id))
        {
            await Daemon.Client.Containers.DeleteAsync(container, force: true);
        }

        bool IsMore((int Threads, int Files) now) => now.Threads > threads + Pooled || now.Files > files + Pooled;
    }

    private static (int Threads, int Files) Own() =>
        (Directory.GetDirectories("/proc/self/task").Length, Directory.GetFileSystemEntries("/proc/self/fd").Length);

    private static async Task ManyAsync(int count, Func<int, Task> work) => await Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
        async (i, _) => await work(i)).WaitAsync(TimeSpan.FromMinutes(4));

    /// <summary>A command; each fourth is stopped half-way.</summary>
    private Task ExecAsync(string id, int number) => StoppedAsync(number, token => Tasks.ExecAsync(
        id, new ExecOptions { Command = number % 4 == 3 ? ["sleep", "30"] : ["echo", "x"] }, null, token));

    /// <summary>A task that is attached to; each fourth is stopped half-way.</summary>
    private async Task RunAsync(string id, int number)
    {
        await StoppedAsync(number, async token =>
        {
            await using var process = await Tasks.StartAttachedAsync(id, standardInput: false, token);
            await process.CopyOutputAsync(Stream.Null, Stream.Null, token);
            await process.CompleteAsync(token);
        });
        await Tasks.ForceDeleteAsync(id);
    }

    private static async Task StoppedAsync(int number, Func<CancellationToken, Task> work)
    {
        using var stop = new CancellationTokenSource();
        if (number % 4 == 3)
        {
            stop.CancelAfter(number % 100);
        }

        try
        {
            await work(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Tasks, snapshots, shims, execs and files of the namespace, its leases and ingests, and the FIFOs that this process has open.</summary>
    private async Task<string[]> CountAsync() =>
    [
        .. await TracesAsync(),
        "leases " + await Daemon.RunCtrAsync("leases", "list", "--quiet"),
        "ingests " + await Daemon.RunCtrAsync("content", "active"),
        "open " + Directory.EnumerateFiles("/proc/self/fd")
            .Count(path => new FileInfo(path).LinkTarget is { } target
                && target.StartsWith(Daemon.StateDirectory, StringComparison.Ordinal)),
    ];
}
