using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>A call whose time is over at any moment leaves nothing, as if it had been cancelled.</summary>
public sealed class TimeoutTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableFact]
    public async Task A_start_whose_time_is_over_leaves_nothing()
    {
        var id = await ContainerAsync("sleep", "3600");
        await RunOutAsync(client => client.Tasks.StartAsync(id), () => Tasks.ForceDeleteAsync(id));
    }

    [SkippableFact]
    public async Task A_create_whose_time_is_over_leaves_nothing()
    {
        var id = await ContainerAsync("sleep", "3600");
        await RunOutAsync(client => client.Tasks.CreateAsync(id), () => Tasks.ForceDeleteAsync(id));
    }

    [SkippableFact]
    public async Task An_exec_whose_time_is_over_leaves_nothing()
    {
        var id = await RunningAsync();
        await RunOutAsync(
            async client =>
            {
                await using var process = await client.Tasks.StartExecAsync(id, new ExecOptions { Command = ["sleep", "3600"] });
            },
            () => Task.CompletedTask);
    }

    [SkippableFact]
    public async Task A_container_whose_time_is_over_is_not_made()
    {
        Daemon.Require();
        var id = $"c-{Guid.NewGuid():N}";
        var options = new ContainerCreateOptions { Image = Image, SpecOptions = new() { Id = id } };
        await RunOutAsync(
            client => client.Containers.CreateAsync(options), () => Daemon.Client.Containers.DeleteAsync(id));
        await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, () => Daemon.Client.Containers.GetAsync(id));
    }

    private async Task RunOutAsync(Func<ContainerdClient, Task> call, Func<Task> undo)
    {
        await call(Daemon.Client).WaitAsync(Hang);
        await undo().WaitAsync(Hang);
        var before = await TracesAsync();
        var random = new Random(1);
        for (var round = 0; round < 20; round++)
        {
            var limit = TimeSpan.FromMilliseconds(1 + (random.NextDouble() * random.NextDouble() * 120));
            try
            {
                await call(Daemon.Client.WithTimeout(limit)).WaitAsync(Hang);
                await undo().WaitAsync(Hang);
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.DeadlineExceeded)
            {
            }

            await AssertTracesAsync(before);
        }
    }

    // What the daemon itself takes back when a call is over, it takes back after the answer.
    private async Task AssertTracesAsync(string[] expected)
    {
        var watch = Stopwatch.StartNew();
        string[] traces;
        while (!(traces = await TracesAsync()).SequenceEqual(expected) && watch.Elapsed < Hang)
        {
            await Task.Delay(50);
        }

        Assert.Equal(expected, traces);
    }
}
