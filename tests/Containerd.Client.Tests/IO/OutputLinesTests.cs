namespace Containerd.Client.Tests.IO;

public sealed class OutputLinesTests : IOFixture
{
    [Fact]
    public async Task Lines_of_both_streams_come_as_one_sequence_that_ends_with_both()
    {
        await using var io = OpenIO();
        using var shell = Shell("exec >\"$1\" 2>\"$2\"; echo one; echo 'two é' >&2; printf three",
            io.Fifos.StandardOutputPath, io.Fifos.StandardErrorPath);
        await shell.WaitForExitAsync().WaitAsync(Hang);
        io.ShimAttached();
        var lines = new List<CtrOutputLine>();
        await foreach (var line in io.ReadLinesAsync("box", "run", Task.CompletedTask, Hang, default))
        {
            lines.Add(line);
        }

        Assert.Equal(["one", "three"], lines.Where(l => l.Stream == CtrOutputStream.StandardOutput).Select(l => l.ToString()));
        Assert.Equal(["two é"], lines.Where(l => l.Stream == CtrOutputStream.StandardError).Select(l => l.Text));
        Assert.All(lines, line => Assert.Equal(("box", "run"), (line.ContainerId, line.ExecId)));
        Assert.All(lines, line => Assert.NotNull(line.Timestamp));
        Assert.False(io.Truncated);
    }

    [Fact]
    public async Task A_line_arrives_while_the_process_runs()
    {
        await using var io = OpenIO();
        using var writer = OpenWriter(io.Fifos.StandardErrorPath);
        await using var lines = io.ReadLinesAsync("box", null, NeverExits, Hang, default).GetAsyncEnumerator();
        for (var i = 0; i < 10; i++)
        {
            writer.Write(Utf8($"{i}\nheld"));
            Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(Hang));
            Assert.Equal(i == 0 ? "0" : $"held{i}", lines.Current.Text);
        }
    }

    [Fact]
    public async Task A_consumer_that_stops_stops_the_writer_and_leaving_early_ends_all()
    {
        var written = 0L;
        Task process;
        await using (var io = OpenIO(terminal: true))
        {
            var writer = OpenWriter(io.Fifos.StandardOutputPath);
            process = Task.Factory.StartNew(() =>
            {
                var block = Utf8(string.Concat(Enumerable.Repeat("0123456789abcde\n", 4096)));
                try
                {
                    for (var i = 0; i < 1024; i++)
                    {
                        writer.Write(block);
                        Interlocked.Add(ref written, block.Length);
                    }
                }
                catch (IOException)
                {
                    // The reader left.
                }

                writer.Dispose();
            }, TaskCreationOptions.LongRunning);
            await foreach (var line in io.ReadLinesAsync("box", null, NeverExits, Hang, default))
            {
                Assert.Equal("0123456789abcde", line.Text);
                long before;
                do
                {
                    before = Interlocked.Read(ref written);
                    await Task.Delay(100);
                }
                while (before != Interlocked.Read(ref written));

                break;
            }

            Assert.InRange(Interlocked.Read(ref written), 0, 4 * 1024 * 1024);
        }

        await process.WaitAsync(Hang);
        Assert.Equal(0, OpenDescriptors());
    }

    [Fact]
    public async Task Cancelling_ends_the_sequence()
    {
        await using var io = OpenIO();
        using var cancellation = new CancellationTokenSource();
        await using var lines = io.ReadLinesAsync("box", null, NeverExits, Hang, cancellation.Token).GetAsyncEnumerator();
        var next = lines.MoveNextAsync().AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Hang));
    }

    [Fact]
    public async Task An_inherited_pipe_ends_the_sequence_after_the_drain()
    {
        await using var io = OpenIO();
        using var inherited = OpenWriter(io.Fifos.StandardOutputPath);
        inherited.Write(Utf8("done"));
        io.ShimAttached();
        var lines = new List<string>();
        await foreach (var line in io.ReadLinesAsync("box", null, Task.CompletedTask, TimeSpan.FromSeconds(1), default))
        {
            lines.Add(line.Text);
        }

        Assert.Equal(["done"], lines);
        Assert.True(io.Truncated);
    }
}
