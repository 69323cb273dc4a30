using Containerd.Client;

namespace Containerd.IntegrationTests.Checkpoints;

/// <summary>A caller that leaves a daemon which falls silent while a task is to end with its checkpoint leaves one of the two.</summary>
public sealed class CheckpointLeftTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private const int SigCont = 18, Rounds = 8, StepMilliseconds = 15;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task The_task_runs_on_or_its_checkpoint_is_saved()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        var left = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var id = $"left-{i}";
            await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = id, Command = ["sleep", "3600"] } });
            await client.Tasks.StartAsync(id, DetachedOutput.None);
            if (await LeaveAsync(client, id, i * StepMilliseconds))
            {
                left++;
                await UnfinishedWork.SettledAsync(ContainerdAddress.Parse(daemon.Address)).WaitAsync(s_hang);
                Assert.Equal(CtrTaskStatus.Running, (await client.Tasks.GetAsync(id)).Status);
                Assert.False(Path.Exists(PathOf(id)));
            }
            else
            {
                Assert.Equal(CtrTaskStatus.Running, (await client.Checkpoints.StartAsync(id, PathOf(id), DetachedOutput.None).WaitAsync(s_hang)).Status);
            }

            await client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);
        }

        Assert.True(left > 0, "No save was left in the middle.");
        var services = Services(client.Namespace);
        using var channel = services.Channel;
        Assert.Empty(await new LeaseClient(services).ListAsync(default));
    }

    /// <summary>Cancels a save while the daemon stands still; false where it was saved all the same.</summary>
    private async Task<bool> LeaveAsync(ContainerdClient client, string id, int after)
    {
        using var cancellation = new CancellationTokenSource();
        var saving = client.Checkpoints.SaveAsync(id, PathOf(id), new() { Exit = true }, cancellation.Token);
        await WaitUntilBegunAsync(client, saving);
        await Task.Delay(after);
        await PrivateDaemon.FreezeAsync(daemon.Pid);
        try
        {
            await cancellation.CancelAsync();
            await Task.WhenAny(saving, Task.Delay(TimeSpan.FromSeconds(4)));
        }
        finally
        {
            PrivateDaemon.Send(daemon.Pid, SigCont);
        }

        try
        {
            await saving.WaitAsync(s_hang);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    /// <summary>Until it has its lease: then it asks for the checkpoint.</summary>
    private async Task WaitUntilBegunAsync(ContainerdClient client, Task saving)
    {
        using var guard = new CancellationTokenSource(s_hang);
        var services = Services(client.Namespace);
        using var channel = services.Channel;
        while (!saving.IsCompleted && (await new LeaseClient(services).ListAsync(guard.Token)).Count == 0)
        {
            await Task.Delay(1, guard.Token);
        }
    }

    private string PathOf(string id) => Path.Combine(daemon.Directory, id);

    private ServiceChannel Services(string @namespace)
    {
        var address = ContainerdAddress.Parse(daemon.Address);
        var transport = Client.Connections.Transport.For(address, null);
        return new(new(transport.Authority, transport.ConnectAsync), address, @namespace, s_hang);
    }
}
