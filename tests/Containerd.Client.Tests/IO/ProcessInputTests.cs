namespace Containerd.Client.Tests.IO;

public sealed class ProcessInputTests : IOFixture
{
    [Fact]
    public async Task Every_byte_is_written_before_our_end_closes_and_that_before_the_shim_is_told()
    {
        await using var io = OpenIO(standardInput: true);
        using var content = new MemoryStream(new byte[3 * 1024 * 1024 + 1]);
        using var shim = OpenReader(io.Fifos.StandardInputPath);
        io.ShimAttached();
        var told = false;
        var copy = io.CopyInputAsync(content, _ =>
        {
            told = true;

            // Only the shim's descriptor is left.
            Assert.Equal(1, OpenDescriptors(io.Fifos.StandardInputPath));
            return Task.CompletedTask;
        }, NeverExits, default);
        using var received = new MemoryStream();
        await shim.CopyToAsync(received).WaitAsync(Hang);
        Assert.True(await copy.WaitAsync(Hang));
        Assert.True(told);
        Assert.Equal(content.Length, received.Length);
    }

    [Fact]
    public async Task What_was_written_before_the_shim_opened_arrives()
    {
        await using var io = OpenIO(standardInput: true);
        using var content = new EndingSource(Utf8("early"));
        var closed = false;
        var copy = io.CopyInputAsync(content, _ => Task.FromResult(closed = true), NeverExits, default);
        await content.Ended.WaitAsync(Hang);

        // All is written: without the shim nobody else keeps it.
        Assert.NotEqual(copy, await Task.WhenAny(copy, Task.Delay(100)));
        Assert.False(closed);
        using var shim = OpenReader(io.Fifos.StandardInputPath);
        io.ShimAttached();
        using var received = new MemoryStream();
        await shim.CopyToAsync(received).WaitAsync(Hang);
        Assert.Equal("early", Text(received));
        Assert.True(await copy.WaitAsync(Hang));
        Assert.True(closed);
    }

    [Theory]
    [InlineData("", "\u0004")]
    [InlineData("line\n", "line\n\u0004")]
    [InlineData("part", "part\u0004\u0004")]
    public async Task A_terminal_is_told_the_end_and_its_input_stays_open(string given, string received)
    {
        var io = OpenIO(standardInput: true, terminal: true);
        using var shim = OpenReader(io.Fifos.StandardInputPath);
        using var content = new MemoryStream(Utf8(given));
        io.ShimAttached();

        Assert.True(await io.CopyInputAsync(content, _ => throw new InvalidOperationException("closed"), NeverExits, default).WaitAsync(Hang));

        var buffer = new byte[received.Length];
        await shim.ReadExactlyAsync(buffer).AsTask().WaitAsync(Hang);
        Assert.Equal(received, System.Text.Encoding.UTF8.GetString(buffer));
        Assert.Equal(2, OpenDescriptors(io.Fifos.StandardInputPath));
        await io.DisposeAsync();
        Assert.Equal(1, OpenDescriptors());
    }

    [Fact]
    public async Task Closing_ends_a_copy_that_waits_for_the_shim()
    {
        var io = OpenIO(standardInput: true);
        using var content = new EndingSource(Utf8("early"));
        var copy = io.CopyInputAsync(content, _ => throw new InvalidOperationException("closed"), NeverExits, default);
        await content.Ended.WaitAsync(Hang);
        await io.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy.WaitAsync(Hang));
        Assert.Equal(0, OpenDescriptors());
    }

    [Fact]
    public async Task A_process_that_never_reads_holds_nothing_up_when_it_exits()
    {
        await using var io = OpenIO(standardInput: true);
        using var shim = OpenReader(io.Fifos.StandardInputPath);
        using var content = new CountingSource();
        var exited = new TaskCompletionSource();
        var copy = io.CopyInputAsync(content, _ => throw new InvalidOperationException("closed"), exited.Task, default);
        var full = await WaitForRestAsync(content);
        Assert.False(copy.IsCompleted);
        Assert.InRange(full, 1, 2 * 1024 * 1024);
        exited.SetResult();
        Assert.False(await copy.WaitAsync(Hang));
    }

    [Fact]
    public async Task A_reader_that_leaves_raises_nothing()
    {
        await using var io = OpenIO(standardInput: true);
        var exited = new TaskCompletionSource();
        using var content = new CountingSource();
        var shim = OpenReader(io.Fifos.StandardInputPath);
        var copy = io.CopyInputAsync(content, _ => Task.CompletedTask, exited.Task, default);
        shim.ReadExactly(new byte[100]);
        shim.Dispose();
        await WaitForRestAsync(content);
        Assert.False(copy.IsCompleted);
        exited.SetResult();
        Assert.False(await copy.WaitAsync(Hang));
    }

    [Fact]
    public async Task A_source_whose_read_cannot_be_cancelled_holds_nothing_up()
    {
        await using var io = OpenIO(standardInput: true);
        using var console = new DeafSource();
        var exited = new TaskCompletionSource();
        var copy = io.CopyInputAsync(console, _ => Task.CompletedTask, exited.Task, default);
        exited.SetResult();
        Assert.False(await copy.WaitAsync(Hang));
    }

    [Fact]
    public async Task Cancelling_ends_a_blocked_copy()
    {
        await using var io = OpenIO(standardInput: true);
        using var content = new CountingSource();
        using var cancellation = new CancellationTokenSource();
        var copy = io.CopyInputAsync(content, _ => Task.CompletedTask, NeverExits, cancellation.Token);
        await WaitForRestAsync(content);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copy.WaitAsync(Hang));
    }

    [Fact]
    public async Task Without_a_standard_input_there_is_nothing_to_copy_to()
    {
        await using var io = OpenIO();
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => io.CopyInputAsync(Stream.Null, _ => Task.CompletedTask, NeverExits, default));
    }

    // The pipe is full when it holds its capacity: 1 MiB, or 64 KiB where a larger one is not granted.
    private static async Task<long> WaitForRestAsync(CountingSource source)
    {
        while (source.Given < 128 * 1024)
        {
            await Task.Delay(10).WaitAsync(Hang);
        }

        long before;
        do
        {
            before = source.Given;
            await Task.Delay(100);
        }
        while (source.Given != before);

        return before;
    }

    /// <summary>Tells when its end was read.</summary>
    private sealed class EndingSource(byte[] content) : MemoryStream(content)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            if (count == 0)
            {
                _ended.TrySetResult();
            }

            return count;
        }
    }

    /// <summary>Endless.</summary>
    private sealed class CountingSource : MemoryStream
    {
        private long _given;

        public long Given => Interlocked.Read(ref _given);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref _given, buffer.Length);
            return ValueTask.FromResult(buffer.Length);
        }
    }

    /// <summary>Like a console: a read neither ends nor hears of cancellation.</summary>
    private sealed class DeafSource : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(new TaskCompletionSource<int>().Task);
    }
}
