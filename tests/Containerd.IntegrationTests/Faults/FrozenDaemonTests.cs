using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>
/// A caller that leaves a daemon which hangs in the middle of its work leaves no container behind that is of no use: what was
/// begun is ended and taken back when the daemon goes on, also on a connection that is being closed, and the next call waits for
/// that.
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

            var (left, closing) = await LeaveAsync((tasks, token) => s_calls[call](tasks, id, token), random.Next(LatestMilliseconds));
            if (left)
            {
                var next = call switch
                {
                    // It may have been left before it had killed anything.
                    "remove" => client.Tasks.ForceDeleteAsync(id),
                    "create" => client.Tasks.CreateAsync(id),
                    _ => (Task)client.Tasks.StartAsync(id),
                };
                await next.WaitAsync(s_hang);

                // What is unfinished touches the new one no more.
                await closing.WaitAsync(s_hang);
                CtrTaskStatus? status = (await client.Tasks.ListAsync()).SingleOrDefault(task => task.Id == id)?.Status;
                Assert.Equal(call switch { "remove" => null, "create" => CtrTaskStatus.Created, _ => CtrTaskStatus.Running }, status);
            }

            await closing.WaitAsync(s_hang);
            await client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);
        }
    }

    /// <summary>
    /// Cancels a call after a while, while the daemon stands still, and closes its connection; false where it was done before.
    /// </summary>
    private async Task<(bool Left, Task Closing)> LeaveAsync(Func<TaskClient, CancellationToken, Task> call, int after)
    {
        using var cancellation = new CancellationTokenSource();
        var client = daemon.Connect();
        var calling = call(client.Tasks, cancellation.Token);
        await Task.Delay(after);
        await PrivateDaemon.FreezeAsync(daemon.Pid);
        var left = false;
        Task closing;
        try
        {
            await cancellation.CancelAsync();
            await calling.WaitAsync(s_hang);
        }
        catch (OperationCanceledException)
        {
            left = true;
        }
        finally
        {
            closing = client.DisposeAsync().AsTask();
            PrivateDaemon.Send(daemon.Pid, SigCont);
        }

        return (left, closing);
    }
}
