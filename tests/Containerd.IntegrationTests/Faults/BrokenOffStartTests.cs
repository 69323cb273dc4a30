using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>
/// A daemon that is killed takes the "runc start" with it that its shim waits for. Where that had begun the process already, the
/// shim calls the task created, and tells no start of it.
/// </summary>
public sealed class BrokenOffStartTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task What_is_left_says_so_can_be_removed_and_is_started_anew()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = "broken-off", Command = ["sleep", "3600"] },
            RuntimeOptions = new Dictionary<string, object?> { ["BinaryName"] = await LingeringRuncAsync() },
        });

        var starting = client.Tasks.StartAsync("broken-off");
        await UntilBegunAsync();
        await daemon.KillAsync();
        Assert.Equal(CtrErrorKind.Unavailable, (await Assert.ThrowsAsync<CtrException>(() => starting.WaitAsync(s_hang))).Kind);
        await daemon.RestartAsync();

        var left = await client.Tasks.GetAsync("broken-off").WaitAsync(s_hang);
        Assert.Equal(CtrTaskStatus.Created, left.Status);
        var refused = await Assert.ThrowsAsync<CtrException>(() => client.Tasks.StartAsync("broken-off").WaitAsync(s_hang));
        Assert.Equal(("TaskAlreadyStarted", CtrErrorKind.FailedPrecondition), (refused.ErrorId, refused.Kind));
        Assert.Contains("Remove-CtrTask -Force", refused.RecommendedAction);

        await client.Tasks.ForceDeleteAsync("broken-off").WaitAsync(s_hang);
        File.Delete(Lingers);
        await client.Tasks.StartAsync("broken-off").WaitAsync(s_hang);
        await client.Tasks.ForceDeleteAsync("broken-off").WaitAsync(s_hang);
    }

    private string Begun => Path.Combine(daemon.Directory, "begun");

    private string Lingers => Path.Combine(daemon.Directory, "lingers");

    /// <summary>A runc whose start goes on after the process has begun, as on a busy machine, as long as a file is there.</summary>
    private async Task<string> LingeringRuncAsync()
    {
        var path = Path.Combine(daemon.Directory, "lingering-runc");
        await File.WriteAllTextAsync(Lingers, "");
        await File.WriteAllTextAsync(
            path,
            $"""
            #!/bin/sh
            real=$(command -v runc)
            case " $* " in
            *" start "*)
                "$real" "$@" || exit
                : > {Begun}
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

    private async Task UntilBegunAsync()
    {
        using var hang = new CancellationTokenSource(s_hang);
        while (!File.Exists(Begun))
        {
            await Task.Delay(5, hang.Token);
        }
    }
}
