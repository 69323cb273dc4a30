using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>What happens to the daemon, or to a shim, at the moment at which a process's input is to be closed.</summary>
public sealed class ClosedInputTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private const int SigKill = 9, SigCont = 18;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(90);

    // A daemon takes a moment to forget a task whose shim was killed, so that each test has an id of its own.
    private readonly string _id = $"c-{Guid.NewGuid():N}";

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_daemon_that_is_killed_at_that_moment_closes_it_when_it_is_back(bool exec)
    {
        using var client = await ConnectAsync();
        await using var process = await StartAsync(client, exec);
        Task restarted = Task.CompletedTask;

        var copying = process.CopyInputAsync(new EndingInput(async () =>
        {
            await daemon.KillAsync();
            restarted = daemon.RestartAsync();
        }));

        Assert.Equal("sent\nend\n", await ReadAsync(process));
        Assert.True(await copying.WaitAsync(s_hang));
        Assert.Equal(7, (await process.CompleteAsync().WaitAsync(s_hang)).ExitCode);
        await restarted;
        await RemoveAsync(client);
    }

    [SkippableFact]
    public async Task A_shim_that_is_killed_at_that_moment_is_no_error()
    {
        using var client = await ConnectAsync();
        await using var process = await StartAsync(client, exec: false);
        var shim = daemon.ShimOf(process.ContainerId);

        var copying = process.CopyInputAsync(new EndingInput(() =>
        {
            PrivateDaemon.Send(shim, SigKill);
            return Task.CompletedTask;
        }));

        // False where the end of the process was told first.
        await copying.WaitAsync(s_hang);
        Assert.Equal(255, (await process.CompleteAsync().WaitAsync(s_hang)).ExitCode);
        await RemoveAsync(client);
    }

    [SkippableFact]
    public async Task A_shim_that_does_not_answer_then_is_told_to_the_caller()
    {
        using var client = await ConnectAsync();
        await using var process = await StartAsync(client.WithTimeout(TimeSpan.FromSeconds(2)), exec: false);
        var shim = daemon.ShimOf(process.ContainerId);

        try
        {
            var error = await Assert.ThrowsAsync<CtrException>(() => process.CopyInputAsync(new EndingInput(() => PrivateDaemon.FreezeAsync(shim))).WaitAsync(s_hang));

            Assert.Equal(("DaemonTimeout", CtrErrorKind.DeadlineExceeded), (error.ErrorId, error.Kind));
        }
        finally
        {
            PrivateDaemon.Send(shim, SigCont);
        }

        await RemoveAsync(client);
    }

    private async Task<ContainerdClient> ConnectAsync()
    {
        await daemon.RequireAsync();
        var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        return client;
    }

    /// <summary>A process that reads its input to the end.</summary>
    private async Task<RunningProcess> StartAsync(ContainerdClient client, bool exec)
    {
        string[] reads = ["sh", "-c", "cat; echo end; exit 7"];
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = _id, Command = exec ? ["sleep", "3600"] : reads },
        }).WaitAsync(s_hang);
        if (!exec)
        {
            return await client.Tasks.StartAttachedAsync(_id, standardInput: true).WaitAsync(s_hang);
        }

        await client.Tasks.StartAsync(_id, DetachedOutput.None).WaitAsync(s_hang);
        return await client.Tasks.StartExecAsync(_id, new() { Command = reads, StandardInput = true }).WaitAsync(s_hang);
    }

    private static async Task<string> ReadAsync(RunningProcess process)
    {
        using var output = new MemoryStream();
        await process.CopyOutputAsync(output, Stream.Null).WaitAsync(s_hang);
        return System.Text.Encoding.UTF8.GetString(output.ToArray());
    }

    private Task RemoveAsync(ContainerdClient client) => client.Containers.DeleteAsync(_id, force: true).WaitAsync(s_hang);

    /// <summary>A line, and something that happens before the end is told.</summary>
    private sealed class EndingInput(Func<Task> atEnd) : MemoryStream("sent\n"u8.ToArray())
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var length = await base.ReadAsync(buffer, cancellationToken);
            if (length == 0)
            {
                await atEnd();
            }

            return length;
        }
    }
}
