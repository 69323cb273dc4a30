using System.Globalization;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

public sealed class OutputTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableFact]
    public async Task Both_streams_arrive_apart_and_each_in_order()
    {
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(
            id, Shell("i=0; while [ $i -lt 2000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done")).WaitAsync(Hang);

        var lines = new List<CtrOutputLine>();
        await foreach (var line in process.ReadLinesAsync(new CancellationTokenSource(Hang).Token))
        {
            lines.Add(line);
        }

        Assert.Equal(Numbered("out"), Of(CtrOutputStream.StandardOutput));
        Assert.Equal(Numbered("err"), Of(CtrOutputStream.StandardError));
        Assert.All(lines, line => Assert.Equal((id, process.ExecId), (line.ContainerId, line.ExecId)));
        Assert.Equal(0, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);

        IEnumerable<string> Of(CtrOutputStream stream) => lines.Where(line => line.Stream == stream).Select(line => line.Text);
        static IEnumerable<string> Numbered(string name) => Enumerable.Range(0, 2000).Select(i => $"{name} {i}");
    }

    [SkippableFact]
    public async Task A_terminal_joins_both_streams()
    {
        var id = await RunningAsync();

        var result = await Tasks.ExecAsync(id, Shell("tty; echo error >&2") with { Terminal = true }).WaitAsync(Hang);

        Assert.StartsWith("/dev/pts/", result.StandardOutput, StringComparison.Ordinal);
        Assert.EndsWith("error\r\n", result.StandardOutput, StringComparison.Ordinal);
        Assert.Equal("", result.StandardError);
    }

    [SkippableFact]
    public async Task A_result_holds_both_outputs_the_exit_code_and_plausible_times()
    {
        var id = await RunningAsync();
        var before = DateTimeOffset.Now;

        var result = await Tasks.ExecAsync(id, Shell("printf 'só\\n'; printf oops >&2; exit 3")).WaitAsync(Hang);

        Assert.Equal(("só\n", "oops", 3), (result.StandardOutput, result.StandardError, result.ExitCode));
        Assert.InRange(result.StartedAt, before, DateTimeOffset.Now);
        Assert.InRange(result.ExitedAt, before, DateTimeOffset.Now);
    }

    [SkippableFact]
    public async Task Environment_and_directory_of_an_exec_lie_over_the_containers()
    {
        var id = await RunningAsync(options => options with { Environment = ["A=1", "B=2"] });

        var result = await Tasks.ExecAsync(
            id, Shell("echo $A,$B,$C,$PWD") with { Environment = ["B", "C=3"], WorkingDirectory = "/home/app" }).WaitAsync(Hang);

        Assert.Equal("1,,3,/home/app\n", result.StandardOutput);
    }

    [SkippableFact]
    public async Task Attached_tasks_give_their_output_and_stay_until_they_are_removed()
    {
        var id = await ContainerAsync("sh", "-c", "echo out; echo err >&2; exit 2");

        await using (var process = await Tasks.StartAttachedAsync(id).WaitAsync(Hang))
        {
            Assert.Equal(("out\n", "err\n"), await ReadAsync(process));
            Assert.Equal(2, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
        }

        Assert.Equal(CtrTaskStatus.Stopped, (await Tasks.GetAsync(id)).Status);
        Assert.Equal(2, (await Tasks.DeleteAsync(id)).ExitCode);
    }

    [SkippableFact]
    public async Task The_last_byte_before_the_exit_is_never_lost_in_a_thousand_runs()
    {
        var id = await RunningAsync();
        var before = await TracesAsync();

        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            var text = i.ToString(CultureInfo.InvariantCulture);
            var result = await Tasks.ExecAsync(id, new ExecOptions { Command = ["printf", "%s", text] }, null, CancellationToken.None).WaitAsync(Hang, CancellationToken.None);
            Assert.Equal((text, "", 0), (result.StandardOutput, result.StandardError, result.ExitCode));
        });

        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task Fifty_execs_at_once_do_not_mix()
    {
        var id = await RunningAsync();
        var script = "i=0; while [ $i -lt 50 ]; do echo $0 $i; echo $0 err $i >&2; i=$((i+1)); done; exit $0";

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            var result = await ExecAsync(id, "sh", "-c", script, $"{number}");
            Assert.Equal(string.Concat(Enumerable.Range(0, 50).Select(i => $"{number} {i}\n")), result.StandardOutput);
            Assert.Equal(string.Concat(Enumerable.Range(0, 50).Select(i => $"{number} err {i}\n")), result.StandardError);
            Assert.Equal(number, result.ExitCode);
        }));
    }

    [SkippableFact]
    public async Task Fifty_containers_are_made_started_waited_for_and_removed()
    {
        Daemon.Require();
        var before = await TracesAsync();

        await Parallel.ForEachAsync(Enumerable.Range(0, 50), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
        {
            var id = await ContainerAsync("sh", "-c", $"echo {number}; exit {number}");
            await using (var process = await Tasks.StartAttachedAsync(id, false, CancellationToken.None).WaitAsync(Hang, CancellationToken.None))
            {
                Assert.Equal(($"{number}\n", ""), await ReadAsync(process));
                Assert.Equal(number, (await process.CompleteAsync(CancellationToken.None).WaitAsync(Hang, CancellationToken.None)).ExitCode);
            }

            await Tasks.DeleteAsync(id, null, CancellationToken.None).WaitAsync(Hang, CancellationToken.None);
            await Daemon.Client.Containers.DeleteAsync(id, false, false, CancellationToken.None).WaitAsync(Hang, CancellationToken.None);
        });

        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task A_child_that_keeps_the_output_open_holds_nothing_up()
    {
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(id, Shell("sleep 3600 & echo done")).WaitAsync(Hang);

        Assert.Equal(("done\n", ""), await ReadAsync(process));

        Assert.True(process.OutputTruncated);
        Assert.Equal(0, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task Output_can_be_read_once_only()
    {
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(id, Shell("echo once")).WaitAsync(Hang);

        Assert.Equal("once\n", (await ReadAsync(process)).Output);

        await Assert.ThrowsAsync<InvalidOperationException>(() => ReadAsync(process));
        Assert.False(process.OutputTruncated);
    }

    [SkippableFact]
    public async Task A_process_of_another_user_can_open_its_own_output_again()
    {
        var id = await ContainerAsync(options => options with { User = "app" }, ["sh", "-c", "id -u; echo again > /dev/stdout; echo error > /dev/stderr; sleep 3600"]);
        await using var task = await Tasks.StartAttachedAsync(id).WaitAsync(Hang);
        var lines = task.ReadLinesAsync(new CancellationTokenSource(Hang).Token).Take(3).ToBlockingEnumerable().Select(line => line.Text).Order();

        Assert.Equal(["1000", "again", "error"], lines);
        var result = await ExecAsync(id, "sh", "-c", "echo more > /dev/stdout; echo worse > /dev/stderr");
        Assert.Equal(("more\n", "worse\n"), (result.StandardOutput, result.StandardError));
    }

    [SkippableTheory]
    [InlineData("app", "1000 1000 1000 2000")]
    [InlineData("1000", "1000 1000 1000 2000")]
    [InlineData("app:extra", "1000 2000 2000")]
    [InlineData("4000:5000", "4000 5000 5000")]
    public async Task An_exec_runs_as_the_user_that_is_named(string user, string ids)
    {
        var id = await RunningAsync();

        var result = await Tasks.ExecAsync(id, Shell("echo $(id -u) $(id -g) $(id -G)") with { User = user }).WaitAsync(Hang);

        Assert.Equal(ids + "\n", result.StandardOutput);
    }

    private static ExecOptions Shell(string script) => new() { Command = ["sh", "-c", script] };
}
