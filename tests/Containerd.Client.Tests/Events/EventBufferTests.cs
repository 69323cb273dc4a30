namespace Containerd.Client.Tests.Events;

public sealed class EventBufferTests
{
    private readonly EventBuffer _buffer = new(3, "ns", "unix:///x");

    [Fact]
    public async Task A_reader_that_keeps_up_gets_all_in_order()
    {
        for (var i = 0; i < 10; i++)
        {
            _buffer.Add(Event(i));
            Assert.Equal(Event(i), await TakeAsync());
        }

        var waiting = TakeAsync();
        Assert.False(waiting.IsCompleted);
        _buffer.Add(Event(10));
        Assert.Equal(Event(10), await waiting);
    }

    [Fact]
    public async Task What_does_not_fit_is_counted_where_it_is_missing()
    {
        for (var i = 0; i < 8; i++)
        {
            _buffer.Add(Event(i));
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(Event(i), await TakeAsync());
        }

        var gap = Assert.IsType<CtrEventGap>(await TakeAsync());
        Assert.Equal((CtrEventGapReason.ReaderTooSlow, 5L, Event(3).Timestamp), (gap.Reason, gap.LostCount!.Value, gap.Since));
        _buffer.Add(Event(8));
        Assert.Equal(Event(8), await TakeAsync());
    }

    [Fact]
    public async Task Nothing_is_added_behind_a_gap_before_it_is_read()
    {
        for (var i = 0; i < 4; i++)
        {
            _buffer.Add(Event(i));
        }

        await TakeAsync();
        _buffer.Add(Event(4));
        await TakeAsync();
        await TakeAsync();

        Assert.Equal(2, Assert.IsType<CtrEventGap>(await TakeAsync()).LostCount);
    }

    [Fact]
    public async Task The_loss_of_the_stream_is_told_whatever_is_dropped()
    {
        for (var i = 0; i < 4; i++)
        {
            _buffer.Add(Event(i));
        }

        _buffer.Add(Lost(since: 4, at: 5));
        _buffer.Add(Event(6));
        _buffer.Add(Lost(since: 7, at: 8));
        for (var i = 0; i < 3; i++)
        {
            await TakeAsync();
        }

        Assert.Equal(2, Assert.IsType<CtrEventGap>(await TakeAsync()).LostCount);
        Assert.Equal(Lost(since: 4, at: 8), await TakeAsync());
        _buffer.Add(Event(9));
        Assert.Equal(Event(9), await TakeAsync());
    }

    [Fact]
    public async Task The_loss_of_the_stream_is_no_lost_event_where_nothing_else_is_dropped()
    {
        for (var i = 0; i < 3; i++)
        {
            _buffer.Add(Event(i));
        }

        _buffer.Add(Lost(since: 4, at: 5));
        await TakeAsync();
        await TakeAsync();
        await TakeAsync();

        Assert.Equal(Lost(since: 4, at: 5), await TakeAsync());
        _buffer.Add(Event(6));
        Assert.Equal(Event(6), await TakeAsync());
    }

    [Fact]
    public async Task What_waits_is_read_before_the_end_and_before_a_failure()
    {
        _buffer.Add(Event(1));
        _buffer.Complete(new IOException("lost"));

        Assert.Equal(Event(1), await TakeAsync());
        Assert.Equal("lost", (await Assert.ThrowsAsync<IOException>(TakeAsync)).Message);

        var other = new EventBuffer(1, "ns", "");
        var waiting = other.TakeAsync(CancellationToken.None).AsTask();
        other.Complete(null);
        Assert.Null(await waiting.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task A_reader_ends_with_its_token()
    {
        using var cancellation = new CancellationTokenSource();
        var waiting = _buffer.TakeAsync(cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static CtrUnknownEvent Event(int number) =>
        new() { TypeUrl = $"t{number}", Value = ReadOnlyMemory<byte>.Empty, Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(number) };

    private static CtrEventGap Lost(int since, int at) => new()
    {
        Reason = CtrEventGapReason.StreamLost, Since = DateTimeOffset.UnixEpoch.AddSeconds(since), Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(at),
    };

    private Task<CtrEvent?> TakeAsync() => _buffer.TakeAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
}
