using System.Diagnostics;
using System.Globalization;
using Containerd.Client;
using Containerd.IntegrationTests.Tasks;

namespace Containerd.IntegrationTests.Checkpoints;

/// <summary>Makes tasks that count in memory, and checkpoints of them.</summary>
public abstract class CheckpointTests(DaemonFixture daemon) : TaskTests(daemon), IDisposable
{
    // The file tells how far it is, and a key that another shell would not have; both are in the shell's memory alone.
    protected const string Counter = "read key < /proc/sys/kernel/random/uuid; i=0; while :; do i=$((i+1)); echo $i $key > /tmp/new; mv /tmp/new /tmp/count; usleep 5000; done";

    // Where a counter is at least when it is saved: further than one that began anew would get meanwhile.
    private const int Far = 100;

    private readonly HashSet<string> _keys = [];
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-checkpoint-").FullName;

    protected CheckpointClient Checkpoints => Daemon.Client.Checkpoints;

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs a command that must succeed.</summary>
    protected static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        await process.WaitForExitAsync().WaitAsync(Hang);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>A path of this test's own, at which nothing is.</summary>
    protected string NewPath() => Path.Combine(_root, Guid.NewGuid().ToString("N"));

    /// <summary>A task that counts, and has got somewhere.</summary>
    /// <param name="runtime">Its runtime; null for the default one.</param>
    /// <param name="cgroupsPath">Where its control group is; null for the default.</param>
    /// <param name="runc">A shell's commands that run in runc's place; <c>$real</c> is the runc of the daemon.</param>
    protected async Task<string> CountingAsync(string? runtime = null, string? cgroupsPath = null, string? runc = null)
    {
        var runtimeOptions = new Dictionary<string, object?>();
        if (runc is not null)
        {
            var script = NewPath();
            await File.WriteAllTextAsync(script, $"#!/bin/sh\nreal=$(command -v runc)\n{runc}\n");
            await RunAsync("chmod", "+x", script);
            runtimeOptions["BinaryName"] = script;
        }

        var id = await ContainerAsync(
            options => options with { Mounts = [.. options.Mounts, TemporaryFiles], CgroupsPath = cgroupsPath },
            ["sh", "-c", Counter],
            runtime: runtime,
            runtimeOptions: runtimeOptions);
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await CountBeyondAsync(id, Far);
        _keys.Add((await ReadAsync(id)).Key);
        return id;
    }

    /// <summary>Fails unless a restored task counts on from where a checkpoint found it, and not from 1.</summary>
    protected async Task AssertGoesOnAsync(string id)
    {
        // A file of the time before may be there still.
        await ExecAsync(id, "rm", "-f", "/tmp/count");
        Assert.InRange(await CountBeyondAsync(id, 0), Far, int.MaxValue);
        Assert.Contains((await ReadAsync(id)).Key, _keys);
    }

    /// <summary>How far a task has counted.</summary>
    protected async Task<int> CountAsync(string id) => (await ReadAsync(id)).Count;

    /// <summary>Waits until a task has counted beyond a number; gives where it is then.</summary>
    protected async Task<int> CountBeyondAsync(string id, int number)
    {
        using var hang = new CancellationTokenSource(Hang);
        while (true)
        {
            var count = await CountAsync(id);
            if (count > number)
            {
                return count;
            }

            await Task.Delay(20, hang.Token);
        }
    }

    /// <summary>The blobs of this class's namespace.</summary>
    protected async Task<string[]> BlobsAsync() =>
        (await Daemon.RunCtrAsync("content", "ls", "--quiet")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order().ToArray();

    private async Task<(int Count, string Key)> ReadAsync(string id)
    {
        var result = await ExecAsync(id, "cat", "/tmp/count");
        return result.StandardOutput.Split(' ') is [var count, var key] ? (int.Parse(count, CultureInfo.InvariantCulture), key) : (0, "");
    }

    // A restored process finds its temporary files as they were: CRIU saves a tmpfs with the memory.
    private static CtrSpecMount TemporaryFiles => new() { Destination = "/tmp", Type = "tmpfs", Source = "tmpfs" };
}
