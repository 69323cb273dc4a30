using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

public sealed class LogTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableFact]
    public async Task What_a_detached_task_wrote_is_in_its_log_also_when_the_task_is_gone()
    {
        var id = await ContainerAsync("sh", "-c", "i=1; while [ $i -le 5 ]; do echo line $i; i=$((i+1)); done; echo error >&2; until [ -e /go ]; do usleep 20000; done");
        await Tasks.StartAsync(id).WaitAsync(Hang);

        // The shim closes the file for both streams when one has ended: what comes with the end on the other may be lost.
        await UntilAsync(async () => (await LogAsync(id)).Length == 6);
        await ExecAsync(id, "touch", "/go");
        await Tasks.WaitAsync(id).WaitAsync(Hang);
        await Tasks.DeleteAsync(id).WaitAsync(Hang);

        var lines = await LogAsync(id);
        Assert.Equal(["line 1", "line 2", "line 3", "line 4", "line 5"], lines.Where(line => line != "error"));
        Assert.Equal(6, lines.Length);
        Assert.Equal(lines[^2..], await LogAsync(id, tail: 2));
        Assert.Empty(await LogAsync(id, tail: 0));
        Assert.Empty(await LogAsync(id, since: DateTimeOffset.Now.AddHours(1)));
        Assert.Equal(lines, await LogAsync(id, follow: true));
        await Daemon.Client.Containers.DeleteAsync(id);
        await AssertErrorAsync("ContainerNotFound", CtrErrorKind.NotFound, () => LogAsync(id));
    }

    [SkippableFact]
    public async Task A_log_is_followed_until_its_task_ends_and_to_the_last_line()
    {
        var id = await ContainerAsync("sh", "-c", "echo first; until [ -e /tmp/go ]; do sleep 0.05; done; echo second; printf last");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        var lines = new List<string>();

        await foreach (var line in Tasks.ReadLogAsync(id, follow: true, cancellationToken: new CancellationTokenSource(Hang).Token))
        {
            lines.Add(line.Text);
            if (line.Text == "first")
            {
                await ExecAsync(id, "touch", "/tmp/go");
            }
        }

        Assert.Equal(["first", "second", "last"], lines);
    }

    [SkippableFact]
    public async Task The_logs_of_two_containers_are_apart()
    {
        var one = await RanAsync("echo one");
        var two = await RanAsync("echo two");

        Assert.Equal(["one"], await LogAsync(one, follow: true));
        Assert.Equal(["two"], await LogAsync(two, follow: true));
    }

    [SkippableFact]
    public async Task A_second_task_appends_to_the_log()
    {
        var id = await RanAsync("echo again");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);
        await Tasks.DeleteAsync(id).WaitAsync(Hang);

        Assert.Equal(["again", "again"], await LogAsync(id));
    }

    [SkippableFact]
    public async Task A_log_path_that_was_named_is_read_while_there_is_a_task()
    {
        var directory = Directory.CreateTempSubdirectory("ctr log ü ");
        try
        {
            var path = Path.Combine(directory.FullName, "a b#c.log");
            var id = await RanAsync("echo here", DetachedOutput.ToFile(path));

            Assert.Equal(["here"], await LogAsync(id, follow: true));
            Assert.Equal("here\n", await File.ReadAllTextAsync(path));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task Output_that_goes_elsewhere_has_no_log_even_where_an_older_one_is()
    {
        var id = await RanAsync("echo old");
        await Tasks.DeleteAsync(id).WaitAsync(Hang);
        foreach (var output in (DetachedOutput[])[DetachedOutput.None, DetachedOutput.ToUri("binary:///bin/true")])
        {
            await Tasks.CreateAsync(id, output).WaitAsync(Hang);

            var message = await AssertErrorAsync("LogNotFound", CtrErrorKind.NotFound, () => LogAsync(id));

            Assert.Contains(id, message, StringComparison.Ordinal);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }
    }

    [SkippableFact]
    public async Task A_container_that_never_ran_has_no_log()
    {
        var id = await ContainerAsync("true");

        await AssertErrorAsync("LogNotFound", CtrErrorKind.NotFound, () => LogAsync(id));
    }

    [SkippableFact]
    public async Task Following_ends_with_its_caller()
    {
        var id = await RunningWithLogAsync();
        using var cancellation = new CancellationTokenSource();
        await using var lines = Tasks.ReadLogAsync(id, follow: true, cancellationToken: cancellation.Token).GetAsyncEnumerator();
        Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(Hang));
        var next = lines.MoveNextAsync().AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Hang));
    }

    private async Task<string> RunningWithLogAsync()
    {
        var id = await ContainerAsync("sh", "-c", "echo ready; sleep 3600");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        return id;
    }

    private async Task<string> RanAsync(string script, DetachedOutput? output = null)
    {
        var id = await ContainerAsync("sh", "-c", script);
        await Tasks.StartAsync(id, output).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);
        return id;
    }

    private Task<string[]> LogAsync(string id, int? tail = null, bool follow = false, DateTimeOffset? since = null) =>
        Tasks.ReadLogAsync(id, tail, follow, since).Select(line => line.Text).ToArrayAsync().AsTask().WaitAsync(Hang);
}
