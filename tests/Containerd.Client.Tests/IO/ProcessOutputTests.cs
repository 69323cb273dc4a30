using Containerd.Client.IO;

namespace Containerd.Client.Tests.IO;

public sealed class ProcessOutputTests : IOFixture
{
    [Fact]
    public async Task The_last_byte_before_the_exit_is_never_lost()
    {
        for (var run = 0; run < 1000; run++)
        {
            await using var io = OpenIO();
            using var output = new MemoryStream();
            using var error = new MemoryStream();
            var exited = new TaskCompletionSource();
            var pump = io.PumpAsync(output, error, exited.Task, Hang, default);
            var writer = OpenWriter(io.Fifos.StandardOutputPath);
            var errorWriter = OpenWriter(io.Fifos.StandardErrorPath);
            var process = Task.Run(() =>
            {
                writer.Write(Utf8($"out {run}"));
                writer.Dispose();
                errorWriter.Write(Utf8($"err {run}"));
                errorWriter.Dispose();
                exited.SetResult();
            });
            io.ShimAttached();
            await Task.WhenAll(pump, process).WaitAsync(Hang);
            Assert.Equal($"out {run}", Text(output));
            Assert.Equal($"err {run}", Text(error));
            Assert.False(io.Truncated);
        }

        Assert.Equal(0, OpenDescriptors());
        Assert.False(Directory.Exists(FifoDirectory));
    }

    [Fact]
    public async Task The_last_byte_of_another_process_is_never_lost()
    {
        for (var run = 0; run < 100; run++)
        {
            await using var io = OpenIO(terminal: true);
            using var output = new MemoryStream();
            using var shell = Shell("exec 3>\"$1\"; echo created; read -r start; printf 'run %s' \"$2\" >&3",
                io.Fifos.StandardOutputPath, $"{run}");
            var pump = io.PumpAsync(output, Stream.Null, shell.WaitForExitAsync(), Hang, default);
            Assert.Equal("created", await shell.StandardOutput.ReadLineAsync().WaitAsync(Hang));
            io.ShimAttached();
            await shell.StandardInput.WriteLineAsync("start");
            await pump.WaitAsync(Hang);
            Assert.Equal($"run {run}", Text(output));
        }
    }

    [Fact]
    public async Task A_process_that_is_gone_before_anyone_reads_is_read_whole()
    {
        await using var io = OpenIO();
        using var shell = Shell("exec >\"$1\" 2>\"$2\"; echo hello; echo oops >&2", io.Fifos.StandardOutputPath, io.Fifos.StandardErrorPath);
        await shell.WaitForExitAsync().WaitAsync(Hang);
        io.ShimAttached();
        io.ShimAttached();
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        await io.PumpAsync(output, error, Task.CompletedTask, Hang, default).WaitAsync(Hang);
        Assert.Equal("hello\n", Text(output));
        Assert.Equal("oops\n", Text(error));
    }

    [Fact]
    public async Task The_end_comes_only_after_the_shim_attached_and_writers_may_come_and_go_before_it()
    {
        await using var io = OpenIO(terminal: true);
        using var output = new SignallingStream();
        var pump = io.PumpAsync(output, Stream.Null, NeverExits, Hang, default);
        for (var i = 1; i <= 3; i++)
        {
            using (var writer = OpenWriter(io.Fifos.StandardOutputPath))
            {
                writer.Write(Utf8("x"));
            }

            await output.WaitForLengthAsync(i).WaitAsync(Hang);
        }

        Assert.False(pump.IsCompleted);
        io.ShimAttached();
        await pump.WaitAsync(Hang);
        Assert.Equal(3, output.Length);
    }

    [Fact]
    public async Task A_pipe_that_a_grandchild_holds_open_is_given_up_and_said_to_be_truncated()
    {
        await using var io = OpenIO();
        using var output = new SignallingStream();
        var exited = new TaskCompletionSource();
        var pump = io.PumpAsync(output, Stream.Null, exited.Task, TimeSpan.FromMilliseconds(50), default);
        using var inherited = OpenWriter(io.Fifos.StandardOutputPath);
        io.ShimAttached();
        inherited.Write(Utf8("all of it"));
        await output.WaitForLengthAsync(9).WaitAsync(Hang);
        Assert.False(io.Truncated);
        exited.SetResult();
        await pump.WaitAsync(Hang);
        Assert.True(io.Truncated);
        Assert.Equal(9, output.Length);
    }

    [Fact]
    public async Task A_slow_sink_loses_nothing_though_the_process_is_long_gone()
    {
        await using var io = OpenIO(terminal: true);
        using (var writer = OpenWriter(io.Fifos.StandardOutputPath))
        {
            writer.Write(new byte[256 * 1024]);
        }

        io.ShimAttached();
        using var sink = new SlowStream(TimeSpan.FromSeconds(1.5));
        await io.PumpAsync(sink, Stream.Null, Task.CompletedTask, TimeSpan.FromSeconds(1), default).WaitAsync(Hang);
        Assert.Equal(256 * 1024, sink.Length);
        Assert.False(io.Truncated);
    }

    [Fact]
    public async Task A_failed_exit_task_counts_as_an_exit()
    {
        await using var io = OpenIO();
        var exited = Task.FromException(new IOException("connection lost"));
        await io.PumpAsync(Stream.Null, Stream.Null, exited, TimeSpan.Zero, default).WaitAsync(Hang);
        Assert.True(io.Truncated);
    }

    [Fact]
    public async Task Cancelling_ends_the_pump_and_closing_leaves_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        await using (var io = OpenIO(standardInput: true))
        {
            var pump = io.PumpAsync(Stream.Null, Stream.Null, NeverExits, Hang, cancellation.Token);
            Assert.NotEqual(0, OpenDescriptors());
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pump.WaitAsync(Hang));
        }

        Assert.Equal(0, OpenDescriptors());
        Assert.False(Directory.Exists(FifoDirectory));
    }

    [Fact]
    public async Task Closing_ends_a_pump_that_waits()
    {
        var io = OpenIO();
        var pump = io.PumpAsync(Stream.Null, Stream.Null, NeverExits, Hang, default);
        await io.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => pump.WaitAsync(Hang));
        Assert.Equal(0, OpenDescriptors());
    }

    [Fact]
    public async Task A_sink_that_fails_ends_both_copies()
    {
        await using var io = OpenIO();
        using var sink = new MemoryStream([], writable: false);
        var pump = io.PumpAsync(sink, Stream.Null, NeverExits, Hang, default);
        using var writer = OpenWriter(io.Fifos.StandardOutputPath);
        writer.Write(Utf8("x"));
        await Assert.ThrowsAsync<NotSupportedException>(() => pump.WaitAsync(Hang));
    }

    [Fact]
    public async Task The_output_has_one_reader()
    {
        await using var io = OpenIO();
        io.ShimAttached();
        await io.PumpAsync(Stream.Null, Stream.Null, NeverExits, Hang, default).WaitAsync(Hang);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => io.PumpAsync(Stream.Null, Stream.Null, NeverExits, Hang, default));
    }

    [Fact]
    public void Opening_half_of_the_fifos_leaves_nothing()
    {
        var fifos = ProcessFifos.Create(FifoDirectory, "init", true, false);
        File.Delete(fifos.StandardErrorPath);
        File.WriteAllText(fifos.StandardErrorPath, "");
        Assert.Throws<IOException>(() => ProcessIO.Open(fifos));
        Assert.Equal(0, OpenDescriptors());
        Assert.False(Directory.Exists(FifoDirectory));
    }

    [Fact]
    public async Task Output_that_nobody_reads_is_read_away_while_something_is_done()
    {
        await using var io = OpenIO();
        using var writer = OpenWriter(io.Fifos.StandardOutputPath);
        io.ShimAttached();

        // More than the pipe holds: the write ends only if somebody reads.
        await io.DiscardOutputWhileAsync(() => Task.Run(() => writer.Write(new byte[4 * 1024 * 1024]))).WaitAsync(Hang);
    }
}
