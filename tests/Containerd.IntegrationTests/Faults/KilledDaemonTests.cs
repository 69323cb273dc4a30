using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>
/// containerd is killed in the middle of each operation, early and late: the operation ends with a typed error, unless it was
/// done, and the same client goes on when the daemon is back.
/// </summary>
public sealed class KilledDaemonTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(90);

    private static readonly string[] s_forever = ["sh", "-c", "trap exit TERM; echo up; while :; do sleep 3600 & wait; done"];

    private static readonly Dictionary<string, Operation> s_operations = new()
    {
        ["import an image"] = new(Has.Nothing, (client, _) => PrivateDaemon.ImportAsync(client)),
        ["remove an image"] = new(Has.Image, (client, _) => client.Images.DeleteAsync("docker.io/library/busybox:latest", wait: true)),
        ["create a container"] = new(Has.Image, CreateAsync),
        ["change a container"] = new(Has.Container, (client, id) => client.Containers.UpdateAsync(
            id, new() { Labels = new Dictionary<string, string> { ["a"] = "b" } })),
        ["list containers"] = new(Has.Container, async (client, _) => Assert.True(await client.Containers.ListAsync().AnyAsync())),
        ["create a task"] = new(Has.Container, (client, id) => client.Tasks.CreateAsync(id)),
        ["start a task"] = new(Has.Container, (client, id) => client.Tasks.StartAsync(id)),
        ["attach to a task"] = new(Has.Container, async (client, id) =>
        {
            await using var process = await client.Tasks.StartAttachedAsync(id);
            await foreach (var line in process.ReadLinesAsync())
            {
                Assert.Equal("up", line.Text);
                await client.Tasks.SendSignalAsync(id, 15);
            }

            await process.CompleteAsync();
        }),
        ["list tasks"] = new(Has.Task, async (client, _) => Assert.NotEmpty(await client.Tasks.ListAsync())),
        ["run a command"] = new(Has.Task, async (client, id) => Assert.Equal(
            "a\nb\n", (await client.Tasks.ExecAsync(id, new() { Command = ["sh", "-c", "echo a; sleep 0.1; echo b"] })).StandardOutput)),
        ["wait for a task"] = new(Has.Task, async (client, id) =>
        {
            var wait = client.Tasks.WaitAsync(id);

            // One that no process is spared, also before it has its trap: the wait goes on when the daemon is back.
            await client.Tasks.SendSignalAsync(id, 9);
            await wait;
        }),

        // A signal that comes before the process has its trap is lost on it, and SIGKILL follows.
        ["stop a task"] = new(Has.Task, (client, id) => client.Tasks.StopAsync(id, null, TimeSpan.FromSeconds(3))),
        ["follow a log"] = new(Has.Task, async (client, id) =>
        {
            await foreach (var line in client.Tasks.ReadLogAsync(id, follow: true))
            {
                Assert.Equal("up", line.Text);
                await client.Tasks.SendSignalAsync(id, 15);
            }
        }),
        ["hold a task"] = new(Has.Task, async (client, id) =>
        {
            await client.Tasks.PauseAsync(id);
            await client.Tasks.ResumeAsync(id);
        }),
        ["limit a task"] = new(Has.Task, (client, id) => client.Tasks.UpdateAsync(id, new() { Pids = new() { Limit = 100 } })),
        ["copy files"] = new(Has.Task, async (client, id) =>
        {
            var copy = Directory.CreateTempSubdirectory("copy-");
            try
            {
                await client.Tasks.CopyFromAsync(id, "/bin", copy.FullName);
                await client.Tasks.CopyToAsync(id, copy.FullName, "/");
            }
            finally
            {
                copy.Delete(recursive: true);
            }
        }),
        ["save a checkpoint"] = new(Has.Task, async (client, id) =>
        {
            var path = Path.Combine(Path.GetTempPath(), $"checkpoint-{Guid.NewGuid():N}");
            await client.Checkpoints.SaveAsync(id, path);
            Directory.Delete(path, recursive: true);
        }),
        ["remove a task"] = new(Has.Task, (client, id) => client.Tasks.ForceDeleteAsync(id)),
        ["remove a container"] = new(Has.Task, (client, id) => client.Containers.DeleteAsync(id, force: true)),
    };

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    [SkippableTheory]
    [MemberData(nameof(Operations))]
    public async Task The_daemon_may_be_killed_in_the_middle_of(string operation)
    {
        await daemon.RequireAsync();
        var (has, run) = s_operations[operation];
        using var client = daemon.Connect();

        // The first time undisturbed: so long it takes.
        var span = await RunAsync(client, has, run, killAfter: null);
        double[] moments = [0, 0.3, 0.6, 0.9];
        foreach (var moment in moments)
        {
            await RunAsync(client, has, run, span * moment);
        }

        await RunAsync(client, has, run, killAfter: null);
    }

    [SkippableFact]
    public async Task An_attached_task_goes_on_while_the_daemon_is_started_again()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = "attached", Command = ["sh", "-c", "echo 0; read go; for i in 1 2 3; do echo $i; sleep 0.1; done; exit 7"] },
        });
        await using var process = await client.Tasks.StartAttachedAsync("attached", standardInput: true);
        var lines = new List<string>();
        using var input = new MemoryStream("go\n"u8.ToArray());
        await foreach (var line in process.ReadLinesAsync())
        {
            lines.Add(line.Text);
            if (lines.Count == 1)
            {
                await daemon.KillAsync();
                await daemon.RestartAsync();
                await process.CopyInputAsync(input);
            }
        }

        Assert.Equal(["0", "1", "2", "3"], lines);
        Assert.Equal(7, (await process.CompleteAsync().WaitAsync(s_hang)).ExitCode);
        await RemoveAsync(client).WaitAsync(s_hang);
    }

    [SkippableFact]
    public async Task A_log_is_followed_to_its_end_while_the_daemon_is_started_again()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new()
        {
            Image = "busybox",
            SpecOptions = new() { Id = "logged", Command = ["sh", "-c", "echo 0; until [ -e /go ]; do sleep 0.1; done; echo 1; sleep 1; echo 2"] },
        });
        await client.Tasks.StartAsync("logged");
        var lines = new List<string>();

        await foreach (var line in client.Tasks.ReadLogAsync("logged", follow: true))
        {
            lines.Add(line.Text);
            if (lines.Count == 1)
            {
                await daemon.KillAsync();
                await daemon.RestartAsync();
                await client.Tasks.ExecAsync("logged", new() { Command = ["touch", "/go"] }).WaitAsync(s_hang);
            }
        }

        Assert.Equal(["0", "1", "2"], lines);
        await RemoveAsync(client).WaitAsync(s_hang);
    }

    private async Task<TimeSpan> RunAsync(
        ContainerdClient client, Has has, Func<ContainerdClient, string, Task> operation, TimeSpan? killAfter)
    {
        var id = $"c-{Guid.NewGuid():N}";
        await PrepareAsync(client, has, id).WaitAsync(s_hang);
        var watch = Stopwatch.StartNew();
        var running = Task.Run(() => operation(client, id));
        if (killAfter is not { } moment)
        {
            await running.WaitAsync(s_hang);
        }
        else
        {
            await Task.WhenAny(running, Task.Delay(moment));
            await daemon.KillAsync();

            // Before the operation ends: one that waits for a process outlives the daemon.
            await daemon.RestartAsync();
            try
            {
                await running.WaitAsync(s_hang);
            }
            catch (CtrException e)
            {
                Assert.True(e.Kind == CtrErrorKind.Unavailable, $"{e.ErrorId} ({e.Kind}): {e.Message}");
            }
        }

        var took = watch.Elapsed;
        await RemoveAsync(client).WaitAsync(s_hang);
        return took;
    }

    private static async Task PrepareAsync(ContainerdClient client, Has has, string id)
    {
        if (has >= Has.Image)
        {
            await PrivateDaemon.ImportAsync(client);
        }

        if (has >= Has.Container)
        {
            await CreateAsync(client, id);
        }

        if (has >= Has.Task)
        {
            await client.Tasks.StartAsync(id);
        }
    }

    private static Task<CtrContainer> CreateAsync(ContainerdClient client, string id) => client.Containers.CreateAsync(new()
    {
        Image = "busybox",
        SpecOptions = new() { Id = id, Command = s_forever },
    });

    private static async Task RemoveAsync(ContainerdClient client)
    {
        foreach (var container in await client.Containers.ListAsync().ToArrayAsync())
        {
            await client.Containers.DeleteAsync(container.Id, force: true);
        }

        foreach (var image in await client.Images.ListAsync().ToArrayAsync())
        {
            await client.Images.DeleteAsync(image.Name, wait: true);
        }
    }

    private enum Has
    {
        Nothing,
        Image,
        Container,
        Task,
    }

    private sealed record Operation(Has Has, Func<ContainerdClient, string, Task> Run);
}
