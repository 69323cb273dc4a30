using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Ctrl+C at any moment: the call ends and nothing is left. Counts descriptors, so nothing else runs meanwhile.</summary>
[Collection("Alone")]
public sealed class CancellationTests(DaemonFixture daemon) : TaskTests(daemon)
{
    private const int Rounds = 60;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(10);

    private static readonly DetachedOutput s_log = DetachedOutput.DefaultLog;

    [SkippableFact]
    public async Task An_exec_can_be_cancelled_at_any_moment()
    {
        var id = await RunningAsync();

        await CancelManyAsync(
            1,
            Rounds,
            token => Tasks.ExecAsync(id, new ExecOptions { Command = ["sh", "-c", "echo a; sleep 0.05; echo b"] }, null, token));
        await CancelManyAsync(
            10,
            Rounds / 4,
            token => Tasks.ExecAsync(id, new ExecOptions { Command = ["sh", "-c", "sleep 3600; true"] }, null, token));
        await CancelManyAsync(
            2,
            Rounds / 2,
            token => Tasks.ExecAsync(id, new ExecOptions { Command = ["cat"] }, new EndlessInput(), token));
    }

    [SkippableFact]
    public async Task Reading_an_endless_output_can_be_cancelled_at_any_moment()
    {
        var id = await RunningAsync();

        await CancelManyAsync(3, Rounds / 2, async token =>
        {
            await using var process = await Tasks.StartExecAsync(id, new ExecOptions { Command = ["yes"] }, token);
            await foreach (var _ in process.ReadLinesAsync(token))
            {
            }
        });
    }

    [SkippableFact]
    public async Task A_reader_that_leaves_ends_an_endless_output()
    {
        var id = await RunningAsync();
        var before = await StateAsync();
        for (var i = 0; i < 5; i++)
        {
            var watch = Stopwatch.StartNew();
            await using (var process = await Tasks.StartExecAsync(id, new ExecOptions { Command = ["yes"] }).WaitAsync(Hang))
            {
                await foreach (var line in process.ReadLinesAsync())
                {
                    Assert.Equal("y", line.Text);
                    watch.Restart();
                    break;
                }
            }

            Console.WriteLine($"left after {watch.ElapsedMilliseconds} ms");
        }

        Assert.Equal(before, await StateAsync());
    }

    [SkippableFact]
    public async Task A_task_can_be_cancelled_at_any_moment_of_its_creation_and_start()
    {
        foreach (var terminal in (bool[])[false, true])
        {
            var id = await ContainerAsync(options => options with { Terminal = terminal }, ["sleep", "3600"]);

            await CancelManyAsync(4, Rounds / 2, token => Tasks.CreateAsync(id, s_log, token), () => Tasks.ForceDeleteAsync(id), latest: 120);
            await CancelManyAsync(5, Rounds / 2, token => Tasks.StartAsync(id, s_log, token), () => Tasks.ForceDeleteAsync(id), latest: 120);
        }
    }

    [SkippableFact]
    public async Task An_attached_task_can_be_cancelled_at_any_moment()
    {
        var id = await ContainerAsync("sh", "-c", "while :; do echo line; sleep 0.01; done");

        await CancelManyAsync(6, Rounds, async token =>
        {
            await using var process = await Tasks.StartAttachedAsync(id, standardInput: true, token);
            await foreach (var _ in process.ReadLinesAsync(token))
            {
            }
        });
    }

    [SkippableFact]
    public async Task Waiting_and_following_and_stopping_can_be_cancelled_at_any_moment()
    {
        var id = await ContainerAsync("sh", "-c", "trap : TERM; while :; do echo line; sleep 0.1; done");
        await Tasks.StartAsync(id).WaitAsync(Hang);

        await CancelManyAsync(7, Rounds / 2, token => Tasks.WaitAsync(id, null, token));
        await CancelManyAsync(8, Rounds / 2, async token => await Tasks.ReadLogAsync(id, follow: true, cancellationToken: token).CountAsync(token));
        await CancelManyAsync(9, Rounds / 2, token => Tasks.StopAsync(id, null, Hang, cancellationToken: token));
        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
    }

    /// <summary>Cancels a call at moments from its start to a little later than it usually lasts, and compares what is left.</summary>
    private async Task CancelManyAsync(int seed, int rounds, Func<CancellationToken, Task> call, Func<Task>? undo = null, int latest = 300)
    {
        var random = new Random(seed);
        await RoundAsync(undo is null ? TimeSpan.Zero : Hang);
        var before = await StateAsync();
        var slowest = 0;
        var cancelled = 0;
        for (var i = 0; i < rounds; i++)
        {
            var after = TimeSpan.FromMilliseconds(random.NextDouble() * latest);
            var (ticks, ended) = await RoundAsync(after);
            slowest = Math.Max(slowest, ticks);
            cancelled += ended ? 1 : 0;
        }

        Console.WriteLine($"seed {seed}: {cancelled} of {rounds} cancelled, the slowest ended {slowest * s_tick.TotalMilliseconds} ms after");

        // What a daemon under load had not answered is taken back after its caller has left.
        await Daemon.SettledAsync();
        Assert.Equal(before, await StateAsync());

        async Task<(int Ticks, bool Cancelled)> RoundAsync(TimeSpan after)
        {
            using var cancellation = new CancellationTokenSource();
            var running = Task.Run(() => call(cancellation.Token));
            await Task.WhenAny(running, Task.Delay(after));
            await cancellation.CancelAsync();

            // Two seconds are promised. While the machine stands still, or has other work, this clock does too.
            var ticks = 0;
            while (await Task.WhenAny(running, Task.Delay(s_tick)) != running)
            {
                Assert.InRange(++ticks, 0, TimeSpan.FromSeconds(4) / s_tick);
            }

            try
            {
                await running;
            }
            catch (OperationCanceledException)
            {
                return (ticks, true);
            }

            if (undo is not null)
            {
                await undo().WaitAsync(Hang);
            }

            return (ticks, false);
        }
    }

    /// <summary>What lies in the namespace, and how many files this process has open below the state directory.</summary>
    private async Task<string[]> StateAsync()
    {
        var open = new DirectoryInfo("/proc/self/fd").EnumerateFiles()
            .Count(file => file.LinkTarget?.StartsWith(Daemon.StateDirectory, StringComparison.Ordinal) == true);
        return [.. await TracesAsync(), $"{open} open files"];
    }

    private sealed class EndlessInput : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
