using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Execs that nobody is attached to, and the input that is closed whenever.</summary>
public sealed class DetachedExecTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableFact]
    public async Task An_exec_runs_by_itself_and_its_log_goes_with_it()
    {
        var id = await RunningAsync();
        var before = await TracesAsync();

        var process = await Tasks.StartDetachedExecAsync(id, Shell("echo out; echo err >&2; until [ -e /go ]; do usleep 20000; done; exit 4")).WaitAsync(Hang);

        Assert.Equal((id, CtrProcessKind.Exec, CtrTaskStatus.Running), (process.ContainerId, process.Kind, process.Status));

        // The shim closes the file for both streams when one has ended: what comes with the end on the other may be lost.
        await UntilAsync(async () => (await LogAsync(process)).Length == 2);
        await ExecAsync(id, "touch", "/go");
        Assert.Equal(4, (await Tasks.WaitAsync(id, process.ExecId).WaitAsync(Hang)).ExitCode);
        Assert.Equal(["err", "out"], await LogAsync(process, follow: true));
        var ended = await Tasks.GetExecAsync(id, process.ExecId!);
        Assert.Equal((CtrTaskStatus.Stopped, 4, process.Pid), (ended.Status, ended.ExitCode, process.Pid));
        Assert.Equal(4, (await Tasks.DeleteAsync(id, process.ExecId).WaitAsync(Hang)).ExitCode);
        Assert.Equal(before, await TracesAsync());
        await AssertErrorAsync("ExecNotFound", CtrErrorKind.NotFound, () => LogAsync(process));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exec_that_is_removed_by_force_leaves_nothing(bool terminal)
    {
        var id = await RunningAsync();
        var before = await TracesAsync();
        var process = await Tasks.StartDetachedExecAsync(
            id, Shell("sleep 3600") with { Terminal = terminal }, DetachedOutput.DefaultLog with { StandardInput = true }).WaitAsync(Hang);

        Assert.Equal(137, (await Tasks.ForceDeleteAsync(id, process.ExecId).WaitAsync(Hang))!.ExitCode);

        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task The_files_of_detached_execs_go_with_their_task()
    {
        var id = await ContainerAsync("sleep", "3600");
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        var before = await TracesAsync();
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await Tasks.StartDetachedExecAsync(id, Shell("cat"), DetachedOutput.DefaultLog with { StandardInput = true }).WaitAsync(Hang);
        await Tasks.StartDetachedExecAsync(id, Shell("cat") with { Terminal = true }).WaitAsync(Hang);

        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);

        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task An_exec_that_cannot_be_started_leaves_nothing()
    {
        var id = await RunningAsync();
        var before = await TracesAsync();

        await AssertErrorAsync(
            "CommandNotFound", CtrErrorKind.NotFound, () => Tasks.StartDetachedExecAsync(id, new ExecOptions { Command = ["no-such-program"] }));
        await AssertErrorAsync(
            "InvalidUser", CtrErrorKind.InvalidArgument, () => Tasks.StartDetachedExecAsync(id, Shell("true") with { User = "nobody-here" }));

        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task An_exec_id_is_given_once()
    {
        var id = await RunningAsync();
        var first = await Tasks.StartDetachedExecAsync(id, Shell("echo first; sleep 3600") with { ExecId = "same" }).WaitAsync(Hang);
        var before = await TracesAsync();

        await AssertErrorAsync(
            "ExecAlreadyExists", CtrErrorKind.AlreadyExists, () => Tasks.StartDetachedExecAsync(id, Shell("echo second") with { ExecId = "same" }));

        Assert.Equal(before, await TracesAsync());
        await Tasks.SendSignalAsync(id, 9, first.ExecId);
        Assert.Equal(["first"], await LogAsync(first, follow: true));
    }

    [SkippableFact]
    public async Task Input_is_written_later_and_closed_by_whoever_attaches()
    {
        var id = await RunningAsync();
        var process = await Tasks.StartDetachedExecAsync(
            id, Shell("cat; echo end"), DetachedOutput.DefaultLog with { StandardInput = true }).WaitAsync(Hang);

        await using (var attached = await Tasks.AttachAsync(id, process.ExecId).WaitAsync(Hang))
        {
            Assert.True(attached.HasStandardInput);
            Assert.True(await attached.CopyInputAsync(new MemoryStream("word\n"u8.ToArray())).WaitAsync(Hang));
        }

        Assert.Equal(0, (await Tasks.WaitAsync(id, process.ExecId).WaitAsync(Hang)).ExitCode);
        Assert.Equal(["end", "word"], await LogAsync(process, follow: true));
    }

    [SkippableFact]
    public async Task A_task_s_input_is_closed_before_its_start()
    {
        var id = await ContainerAsync("sh", "-c", "cat; echo end");
        await Tasks.CreateAsync(id, DetachedOutput.DefaultLog with { StandardInput = true }).WaitAsync(Hang);

        await Tasks.CloseStandardInputAsync(id).WaitAsync(Hang);
        await Tasks.StartAsync(id).WaitAsync(Hang);

        Assert.Equal(0, (await Tasks.WaitAsync(id).WaitAsync(Hang)).ExitCode);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Input_is_closed_after_the_start(bool exec)
    {
        var id = await ContainerAsync("cat");
        await Tasks.StartAsync(id, DetachedOutput.None with { StandardInput = true }).WaitAsync(Hang);
        var execId = exec
            ? (await Tasks.StartDetachedExecAsync(id, Shell("cat"), DetachedOutput.None with { StandardInput = true }).WaitAsync(Hang)).ExecId
            : null;

        await Tasks.CloseStandardInputAsync(id, execId).WaitAsync(Hang);

        Assert.Equal(0, (await Tasks.WaitAsync(id, execId).WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task An_exec_s_input_is_closed_while_it_starts()
    {
        var id = await RunningAsync();
        for (var i = 0; i < 50; i++)
        {
            var execId = $"e{i}";
            var starting = Tasks.StartDetachedExecAsync(id, Shell("cat") with { ExecId = execId }, DetachedOutput.None with { StandardInput = true });
            var closing = CloseAsSoonAsItIsThereAsync(id, execId);

            await starting.WaitAsync(Hang);
            await closing.WaitAsync(Hang);

            try
            {
                Assert.Equal(0, (await Tasks.WaitAsync(id, execId).WaitAsync(Hang)).ExitCode);
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{execId} is {(await Tasks.GetExecAsync(id, execId).WaitAsync(Hang)).Status}: it has not seen the end of its input.");
            }
        }
    }

    [SkippableFact]
    public async Task Closing_input_twice_or_of_an_ended_process_is_no_error_of_the_stream()
    {
        var id = await RunningAsync();
        var process = await Tasks.StartDetachedExecAsync(id, Shell("cat"), DetachedOutput.None with { StandardInput = true }).WaitAsync(Hang);

        await Tasks.CloseStandardInputAsync(id, process.ExecId).WaitAsync(Hang);
        await Tasks.WaitAsync(id, process.ExecId).WaitAsync(Hang);
        await Tasks.DeleteAsync(id, process.ExecId).WaitAsync(Hang);

        await AssertErrorAsync("ExecNotFound", CtrErrorKind.NotFound, () => Tasks.CloseStandardInputAsync(id, process.ExecId));
    }

    private async Task CloseAsSoonAsItIsThereAsync(string id, string execId)
    {
        while (true)
        {
            try
            {
                await Tasks.CloseStandardInputAsync(id, execId);
                return;
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
            {
                await Task.Yield();
            }
        }
    }

    private async Task<string[]> LogAsync(CtrProcess process, bool follow = false)
    {
        var lines = new List<string>();
        await foreach (var line in Tasks.ReadLogAsync(process.ContainerId, follow: follow, execId: process.ExecId, cancellationToken: new CancellationTokenSource(Hang).Token))
        {
            Assert.Equal(process.ExecId, line.ExecId);
            lines.Add(line.Text);
        }

        // Two streams in one file.
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static ExecOptions Shell(string script) => new() { Command = ["sh", "-c", script] };
}
