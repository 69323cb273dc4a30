using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>
/// A daemon that is killed takes the "runc start" with it that its shim waits for. Where that had begun the process already, the
/// shim calls the task created, and tells no start of it.
/// </summary>
public sealed class BrokenOffStartTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_left_keeps_its_output_says_so_can_be_removed_and_is_started_anew(bool terminal)
    {
        var id = $"broken-off-{terminal}";
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = id, Command = ["sh", "-c", "echo begun; exec sleep 3600"], Terminal = terminal },
            RuntimeOptions = new Dictionary<string, object?> { ["BinaryName"] = await LingeringRuncAsync(id) },
        });

        var starting = client.Tasks.StartAsync(id);
        await UntilBegunAsync(id);
        await daemon.KillAsync();
        Assert.Equal(CtrErrorKind.Unavailable, (await Assert.ThrowsAsync<CtrException>(() => starting.WaitAsync(s_hang))).Kind);
        await daemon.RestartAsync();

        var left = await client.Tasks.GetAsync(id).WaitAsync(s_hang);
        Assert.Equal(CtrTaskStatus.Created, left.Status);
        Assert.Equal("begun", await ReadLineAsync(client, id, terminal).WaitAsync(s_hang));
        var refused = await Assert.ThrowsAsync<CtrException>(() => client.Tasks.StartAsync(id).WaitAsync(s_hang));
        Assert.Equal(("TaskAlreadyStarted", CtrErrorKind.FailedPrecondition), (refused.ErrorId, refused.Kind));
        Assert.Contains("Remove-CtrTask -Force", refused.RecommendedAction);
        Assert.Equal(left, await client.Tasks.GetAsync(id).WaitAsync(s_hang));
        Assert.True(Directory.Exists($"/proc/{left.Pid}"));

        await client.Tasks.ForceDeleteAsync(id).WaitAsync(s_hang);
        File.Delete(Lingers);
        await client.Tasks.StartAsync(id).WaitAsync(s_hang);
        await client.Tasks.ForceDeleteAsync(id).WaitAsync(s_hang);
    }

    private static async Task<string> ReadLineAsync(ContainerdClient client, string id, bool terminal)
    {
        if (!terminal)
        {
            return (await client.Tasks.ReadLogAsync(id).FirstAsync()).Text;
        }

        await using var attached = await client.Tasks.AttachAsync(id);
        return (await attached.ReadLinesAsync().FirstAsync()).Text;
    }

    private string BegunOf(string id) => Path.Combine(daemon.Directory, $"begun-{id}");

    private string Lingers => Path.Combine(daemon.Directory, "lingers");

    /// <summary>A runc whose start goes on after the process has begun, as on a busy machine, as long as a file is there.</summary>
    private async Task<string> LingeringRuncAsync(string id)
    {
        var path = Path.Combine(daemon.Directory, $"runc-{id}");
        await File.WriteAllTextAsync(Lingers, "");
        await File.WriteAllTextAsync(
            path,
            $"""
            #!/bin/sh
            real=$(command -v runc)
            case " $* " in
            *" start "*)
                "$real" "$@" || exit
                : > {BegunOf(id)}
                while [ -e {Lingers} ]; do sleep 0.05; done
                exit 0 ;;
            esac
            exec "$real" "$@"

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    private async Task UntilBegunAsync(string id)
    {
        using var hang = new CancellationTokenSource(s_hang);
        while (!File.Exists(BegunOf(id)))
        {
            await Task.Delay(5, hang.Token);
        }
    }
}
