using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>
/// A caller that leaves a daemon which hangs in the middle of its work leaves no container behind that is of no use: what was
/// begun is ended and taken back when the daemon goes on, and the same client's next call waits for that.
/// </summary>
public sealed class FrozenDaemonTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private const int SigCont = 18, Rounds = 12, LatestMilliseconds = 120;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, Func<TaskClient, string, CancellationToken, Task>> s_calls = new()
    {
        ["create"] = (tasks, id, token) => tasks.CreateAsync(id, null, token),
        ["start"] = (tasks, id, token) => tasks.StartAsync(id, null, token),
        ["attach"] = async (tasks, id, token) => await (await tasks.StartAttachedAsync(id, false, token)).DisposeAsync(),
        ["remove"] = (tasks, id, token) => tasks.ForceDeleteAsync(id, null, token),
    };

    public static TheoryData<string> Calls => [.. s_calls.Keys];

    [SkippableTheory]
    [MemberData(nameof(Calls))]
    public async Task A_task_can_be_started_after_one_left_in_the_middle_of(string call)
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        var random = new Random(1);
        for (var i = 0; i < Rounds; i++)
        {
            var id = $"{call}-{i}";
            await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = id, Command = ["sleep", "3600"] } });
            if (call == "remove")
            {
                await client.Tasks.StartAsync(id);
            }

            var left = await LeaveAsync(token => s_calls[call](client.Tasks, id, token), random.Next(LatestMilliseconds));
            if (left)
            {
                // A removal may have been left before it had killed anything.
                if (call == "remove")
                {
                    await client.Tasks.ForceDeleteAsync(id).WaitAsync(s_hang);
                }

                await client.Tasks.StartAsync(id).WaitAsync(s_hang);
            }

            await client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);
        }
    }

    /// <summary>Cancels a call after a while, while the daemon stands still; false where it was done before.</summary>
    private async Task<bool> LeaveAsync(Func<CancellationToken, Task> call, int after)
    {
        using var cancellation = new CancellationTokenSource();
        var calling = call(cancellation.Token);
        await Task.Delay(after);
        await PrivateDaemon.FreezeAsync(daemon.Pid);
        try
        {
            await cancellation.CancelAsync();
            await calling.WaitAsync(s_hang);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        finally
        {
            PrivateDaemon.Send(daemon.Pid, SigCont);
        }
    }
}
