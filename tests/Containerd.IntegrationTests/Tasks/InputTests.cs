using System.IO.Pipelines;
using System.Security.Cryptography;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

public sealed class InputTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableTheory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("two\nlines\n")]
    public async Task An_exec_reads_what_it_is_given_and_then_the_end(string text)
    {
        var id = await RunningAsync();
        using var input = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));

        var result = await Tasks.ExecAsync(id, Shell("cat; echo end"), input).WaitAsync(Hang);

        Assert.Equal(text + "end\n", result.StandardOutput);
    }

    [SkippableFact]
    public async Task Input_that_comes_late_and_in_parts_is_read_as_it_comes()
    {
        var id = await RunningAsync();
        var pipe = new Pipe();
        await using var process = await Tasks.StartExecAsync(id, Shell("while read line; do echo got $line; done; echo end") with { StandardInput = true }).WaitAsync(Hang);
        var copying = process.CopyInputAsync(pipe.Reader.AsStream());
        await using var lines = process.ReadLinesAsync(new CancellationTokenSource(Hang).Token).GetAsyncEnumerator();

        foreach (var word in (string[])["one", "two"])
        {
            await pipe.Writer.WriteAsync(System.Text.Encoding.UTF8.GetBytes(word + "\n"));
            Assert.True(await lines.MoveNextAsync());
            Assert.Equal("got " + word, lines.Current.Text);
        }

        await pipe.Writer.CompleteAsync();
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("end", lines.Current.Text);
        Assert.False(await lines.MoveNextAsync());
        await copying.WaitAsync(Hang);
    }

    [SkippableFact]
    public async Task Much_flows_both_ways_at_once()
    {
        var id = await RunningAsync();
        var sent = RandomNumberGenerator.GetBytes(8 * 1024 * 1024);
        await using var process = await Tasks.StartExecAsync(id, new ExecOptions { Command = ["cat"], StandardInput = true }).WaitAsync(Hang);
        using var source = new MemoryStream(sent);
        using var received = new MemoryStream();

        var copying = process.CopyInputAsync(source);
        await process.CopyOutputAsync(received, Stream.Null).WaitAsync(Hang);

        Assert.True(await copying.WaitAsync(Hang));
        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received.ToArray()));
        Assert.Equal(0, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
    }

    [SkippableFact]
    public async Task A_process_that_never_reads_ends_cleanly()
    {
        var id = await RunningAsync();
        var before = await TracesAsync();
        using var input = new MemoryStream(new byte[4 * 1024 * 1024]);

        var result = await Tasks.ExecAsync(id, Shell("sleep 1; exit 5"), input).WaitAsync(Hang);

        Assert.Equal(5, result.ExitCode);
        Assert.Equal(before, await TracesAsync());
    }

    [SkippableFact]
    public async Task A_source_that_never_ends_does_not_outlast_the_process()
    {
        var id = await RunningAsync();

        var result = await Tasks.ExecAsync(id, Shell("exit 6"), new Pipe().Reader.AsStream()).WaitAsync(Hang);

        Assert.Equal(6, result.ExitCode);
    }

    public static TheoryData<Exception> Failures => new(
        new IOException("The disk is gone."), new ObjectDisposedException("input"), new InvalidOperationException("The reader has left."));

    [SkippableTheory]
    [MemberData(nameof(Failures))]
    public async Task A_source_that_fails_half_way_ends_the_process_and_is_told(Exception failure)
    {
        var id = await RunningAsync();
        var before = await TracesAsync();

        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => Tasks.ExecAsync(id, new ExecOptions { Command = ["cat"] }, new FailingInput(failure)).WaitAsync(Hang));

        Assert.Same(failure, error);
        Assert.Equal(before, await TracesAsync());
    }

    [SkippableTheory]
    [MemberData(nameof(Failures))]
    public async Task A_source_that_fails_half_way_is_told_and_leaves_a_process_that_somebody_else_started(Exception failure)
    {
        var id = await ContainerAsync("sh", "-c", "cat; sleep 3600");
        await Tasks.StartAsync(id, DetachedOutput.None with { StandardInput = true }).WaitAsync(Hang);
        await using (var attached = await Tasks.AttachAsync(id))
        {
            Assert.Same(failure, await Assert.ThrowsAnyAsync<Exception>(() => attached.CopyInputAsync(new FailingInput(failure)).WaitAsync(Hang)));
        }

        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_input_the_end_is_read_at_once(bool attachedTask)
    {
        var id = await ContainerAsync("sh", "-c", attachedTask ? "cat; echo end" : "sleep 3600");
        if (!attachedTask)
        {
            await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
            Assert.Equal("end\n", (await ExecAsync(id, "sh", "-c", "cat; echo end")).StandardOutput);
            return;
        }

        await using var process = await Tasks.StartAttachedAsync(id).WaitAsync(Hang);
        Assert.Equal("end\n", (await ReadAsync(process)).Output);
    }

    [SkippableFact]
    public async Task An_attached_task_reads_what_it_is_given_and_then_the_end()
    {
        var id = await ContainerAsync("sh", "-c", "cat; echo end");
        var sent = new string('a', 1024 * 1024);
        await using var process = await Tasks.StartAttachedAsync(id, standardInput: true).WaitAsync(Hang);
        using var input = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(sent));

        var copying = process.CopyInputAsync(input);

        Assert.Equal(sent + "end\n", (await ReadAsync(process)).Output);
        Assert.True(await copying.WaitAsync(Hang));
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("word\n")]
    [InlineData("part")]
    public async Task A_terminal_reads_what_it_is_given_and_then_the_end(string text)
    {
        var id = await RunningAsync();
        for (var i = 0; i < 10; i++)
        {
            using var input = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));

            var result = await Tasks.ExecAsync(id, Shell("stty -echo; cat | tr -d '\\n'; echo .end") with { Terminal = true }, input).WaitAsync(Hang);

            Assert.EndsWith($"{text.TrimEnd()}.end\r\n", result.StandardOutput, StringComparison.Ordinal);
            Assert.Equal(0, result.ExitCode);
        }
    }

    private sealed class FailingInput(Exception failure) : MemoryStream
    {
        private bool _begun;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_begun)
            {
                throw failure;
            }

            _begun = true;
            buffer.Span[0] = (byte)'x';
            return ValueTask.FromResult(1);
        }
    }

    private static ExecOptions Shell(string script) => new() { Command = ["sh", "-c", script] };
}
