using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>What cannot be started leaves nothing.</summary>
public sealed class FailedStartTests(DaemonFixture daemon) : TaskTests(daemon)
{
    public static TheoryData<string, string, CtrErrorKind> BadCommands => new()
    {
        { "no-such-program", "CommandNotFound", CtrErrorKind.NotFound },
        { "/bin/no-such-program", "CommandNotFound", CtrErrorKind.NotFound },
        { "/etc/passwd", "CommandNotExecutable", CtrErrorKind.PermissionDenied },
        { "/etc", "CommandNotExecutable", CtrErrorKind.PermissionDenied },
    };

    [SkippableTheory]
    [MemberData(nameof(BadCommands))]
    public async Task A_task_that_cannot_be_started_leaves_nothing(string program, string errorId, CtrErrorKind kind)
    {
        foreach (var terminal in (bool[])[false, true])
        {
            var id = await ContainerAsync(options => options with { Terminal = terminal }, [program, "argument"]);
            var before = await TracesAsync();

            await AssertCommandErrorAsync(() => Tasks.StartAsync(id));
            Assert.Equal(before, await TracesAsync());
            await AssertCommandErrorAsync(() => Tasks.StartAttachedAsync(id, standardInput: true));
            Assert.Equal(before, await TracesAsync());
            await AssertCommandErrorAsync(() => Tasks.StartAsync(id, DetachedOutput.None));
            Assert.Equal(before, await TracesAsync());
        }

        async Task AssertCommandErrorAsync(Func<Task> start) =>
            Assert.Contains($"'{program}'", await AssertErrorAsync(errorId, kind, start), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_directory_that_a_killed_daemon_left_is_named()
    {
        var id = await ContainerAsync("true");
        var left = Path.Combine(Daemon.State, "io.containerd.runtime.v2.task", Daemon.Namespace, id);
        Directory.CreateDirectory(left);

        var message = await AssertErrorAsync("TaskDirectoryLeft", CtrErrorKind.AlreadyExists, () => Tasks.StartAsync(id));

        Assert.Contains(left, message, StringComparison.Ordinal);
        Directory.Delete(left);
        await Tasks.StartAsync(id).WaitAsync(Hang);
    }

    [SkippableTheory]
    [MemberData(nameof(BadCommands))]
    public async Task An_exec_that_cannot_be_started_leaves_nothing(string program, string errorId, CtrErrorKind kind)
    {
        var id = await RunningAsync();
        var before = await TracesAsync();

        foreach (var terminal in (bool[])[false, true])
        {
            var options = new ExecOptions { ExecId = "e1", Command = [program, "argument"], Terminal = terminal, StandardInput = true };

            var message = await AssertErrorAsync(errorId, kind, () => Tasks.StartExecAsync(id, options));

            Assert.Contains($"'{program}'", message, StringComparison.Ordinal);
            Assert.Equal(before, await TracesAsync());
            await AssertErrorAsync("ExecNotFound", CtrErrorKind.NotFound, () => Tasks.GetExecAsync(id, "e1"));
        }
    }

    [SkippableFact]
    public async Task A_container_that_somebody_else_made_keeps_nothing_of_a_failed_start()
    {
        Daemon.Require();
        var id = $"c-{Guid.NewGuid():N}";
        await Daemon.RunCtrAsync("containers", "create", "--", Image, id, "no-such-program");
        var before = await TracesAsync();

        await AssertErrorAsync("CommandNotFound", CtrErrorKind.NotFound, () => Tasks.StartAsync(id));
        await AssertErrorAsync("CommandNotFound", CtrErrorKind.NotFound, () => Tasks.CreateAsync(id));
        await AssertErrorAsync("CommandNotFound", CtrErrorKind.NotFound, () => Tasks.StartAttachedAsync(id));

        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task A_snapshot_that_is_gone_is_told_and_leaves_nothing()
    {
        var id = await ContainerAsync("true");
        await Daemon.RunCtrAsync("snapshots", "delete", id);
        var before = await TracesAsync();

        var message = await AssertErrorAsync("SnapshotNotFound", CtrErrorKind.NotFound, () => Tasks.StartAsync(id));

        Assert.Contains(id, message, StringComparison.Ordinal);
        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task A_start_that_is_refused_leaves_the_task_that_is_there()
    {
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(id, new ExecOptions { ExecId = "e1", Command = ["cat"], StandardInput = true }).WaitAsync(Hang);
        var before = await TracesAsync();

        await AssertErrorAsync(
            "ExecAlreadyExists", CtrErrorKind.AlreadyExists, () => Tasks.StartExecAsync(id, new ExecOptions { ExecId = "e1", Command = ["true"] }));
        await AssertErrorAsync("TaskAlreadyStarted", CtrErrorKind.FailedPrecondition, () => Tasks.StartAttachedAsync(id));

        Assert.Equal(before, await TracesAsync());
        using var input = new MemoryStream("still here"u8.ToArray());
        var copying = process.CopyInputAsync(input);
        Assert.Equal("still here", (await ReadAsync(process)).Output);
        Assert.True(await copying.WaitAsync(Hang));
    }

    [SkippableFact]
    public async Task Of_execs_that_take_the_same_id_at_once_one_runs_unharmed()
    {
        var id = await RunningAsync();
        var before = await TracesAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                return (await Tasks.ExecAsync(id, new ExecOptions { ExecId = "same", Command = ["echo", $"{i}"] }).WaitAsync(Hang)).StandardOutput == $"{i}\n";
            }
            catch (CtrException e) when (e.ErrorId == "ExecAlreadyExists")
            {
                return (bool?)null;
            }
        }));

        Assert.Contains(true, results);
        Assert.DoesNotContain(false, results);
        Assert.Equal(before, await TracesAsync());
    }
}
