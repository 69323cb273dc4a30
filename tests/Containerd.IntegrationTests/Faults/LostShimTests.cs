using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>A shim that is killed takes its task with it, and nobody can tell how it ended: exit code 255, when that was seen.</summary>
public sealed class LostShimTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private const int SigKill = 9;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(90);

    [SkippableFact]
    public async Task Whoever_waits_while_a_shim_is_killed_gets_exit_code_255()
    {
        using var client = await CreateAsync("waiting");

        // The daemon has these waits before the processes start.
        await using var task = await client.Tasks.StartAttachedAsync("waiting").WaitAsync(s_hang);
        await using var exec = await client.Tasks.StartExecAsync("waiting", new() { Command = ["sleep", "3600"] }).WaitAsync(s_hang);
        var asked = DateTimeOffset.UtcNow;

        PrivateDaemon.Send(daemon.ShimOf("waiting"), SigKill);

        AssertUnknown(await task.CompleteAsync().WaitAsync(s_hang), asked);
        AssertUnknown(await exec.CompleteAsync().WaitAsync(s_hang), asked);
        await RemoveAsync(client, "waiting");
    }

    [SkippableFact]
    public async Task A_wait_that_outlives_the_daemon_but_not_the_shim_gives_exit_code_255()
    {
        using var client = await StartAsync("restarted");
        var wait = client.Tasks.WaitAsync("restarted");
        var asked = DateTimeOffset.UtcNow;

        // A call on the same connection comes after the wait.
        await client.Tasks.GetAsync("restarted").WaitAsync(s_hang);
        var shim = daemon.ShimOf("restarted");
        await daemon.KillAsync();
        PrivateDaemon.Send(shim, SigKill);
        await daemon.RestartAsync();

        AssertUnknown(await wait.WaitAsync(s_hang), asked);
        await RemoveAsync(client, "restarted");
    }

    [SkippableFact]
    public async Task A_wait_that_outlives_the_daemon_gives_the_exit_code_where_the_shim_has_it()
    {
        using var client = await StartAsync("kept", "sh", "-c", "trap 'exit 7' TERM; echo; while :; do sleep 1; done");
        var wait = client.Tasks.WaitAsync("kept");

        await client.Tasks.GetAsync("kept").WaitAsync(s_hang);
        await daemon.KillAsync();
        await daemon.RestartAsync();
        var status = await client.Tasks.StopAsync("kept", 15, s_hang).WaitAsync(s_hang);

        Assert.Equal((7, 7), (status.ExitCode, (await wait.WaitAsync(s_hang)).ExitCode));
        await RemoveAsync(client, "kept");
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_left_is_removed_with_exit_code_255(bool whileTheDaemonIsAway)
    {
        var id = whileTheDaemonIsAway ? "away" : "gone";
        using var client = await StartAsync(id);
        var asked = DateTimeOffset.UtcNow;
        var shim = daemon.ShimOf(id);
        if (whileTheDaemonIsAway)
        {
            await daemon.KillAsync();
        }

        PrivateDaemon.Send(shim, SigKill);
        if (whileTheDaemonIsAway)
        {
            await daemon.RestartAsync();
        }
        else
        {
            // Until the daemon has seen that, it has the task, and removing it is no error.
            await GoneAsync(client, id).WaitAsync(s_hang);
        }

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Tasks.DeleteAsync(id).WaitAsync(s_hang));
        Assert.Equal(("TaskNotFound", CtrErrorKind.NotFound), (error.ErrorId, error.Kind));
        AssertUnknown(await client.Tasks.ForceDeleteAsync(id).WaitAsync(s_hang), asked);
        await client.Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(s_hang);
        Assert.Equal(CtrTaskStatus.Running, (await client.Tasks.GetAsync(id).WaitAsync(s_hang)).Status);
        await RemoveAsync(client, id);
    }

    private async Task<ContainerdClient> StartAsync(string id, params string[] command)
    {
        var client = await CreateAsync(id, command);
        await client.Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(s_hang);
        return client;
    }

    private async Task<ContainerdClient> CreateAsync(string id, params string[] command)
    {
        await daemon.RequireAsync();
        var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = id, Command = command.Length > 0 ? command : ["sleep", "3600"] },
        }).WaitAsync(s_hang);
        return client;
    }

    private static async Task GoneAsync(ContainerdClient client, string id)
    {
        while (true)
        {
            try
            {
                await client.Tasks.GetAsync(id);
            }
            catch (CtrException e) when (e.InnerException!.Message.Contains($"task {id} not found", StringComparison.Ordinal))
            {
                return;
            }
            catch (CtrException)
            {
                // Its shim does not answer any more.
            }

            await Task.Delay(20);
        }
    }

    private static Task RemoveAsync(ContainerdClient client, string id) => client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);

    private static void AssertUnknown(CtrExitStatus status, DateTimeOffset asked)
    {
        Assert.Equal(255, status.ExitCode);
        Assert.InRange(status.ExitedAt, asked, DateTimeOffset.UtcNow);
    }
}
