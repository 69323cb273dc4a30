using System.Collections.Concurrent;

namespace Containerd.Client.Tests.Events;

public sealed class EventLinesTests : IDisposable
{
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _seen = new();
    private readonly ConcurrentQueue<string> _failed = new();

    public void Dispose() => _end.Dispose();

    [Fact]
    public async Task One_that_hangs_holds_up_its_own_line_alone()
    {
        var held = new TaskCompletionSource();
        using var lines = Lines(100, value => value.Id == "a" ? held.Task : Task.CompletedTask);

        for (var i = 0; i < 10; i++)
        {
            await AddAsync(lines, "a", i);
            await AddAsync(lines, "b", i);
        }

        while (_seen.Count(seen => seen[0] == 'b') < 10)
        {
            await Task.Delay(1).WaitAsync(s_hang);
        }

        Assert.Equal("a0", Assert.Single(_seen, seen => seen[0] == 'a'));
        held.SetResult();
        await lines.CompleteAsync().WaitAsync(s_hang);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a{i}"), _seen.Where(seen => seen[0] == 'a'));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"b{i}"), _seen.Where(seen => seen[0] == 'b'));
    }

    [Fact]
    public async Task The_order_holds_while_lines_empty_and_fill_again()
    {
        using var lines = Lines(8, async value => await Task.Yield());

        for (var i = 0; i < 3000; i++)
        {
            await AddAsync(lines, ((char)('a' + (i % 3))).ToString(), i);
        }

        await lines.CompleteAsync().WaitAsync(s_hang);
        for (var line = 0; line < 3; line++)
        {
            var name = (char)('a' + line);
            Assert.Equal(
                Enumerable.Range(0, 1000).Select(i => $"{name}{(3 * i) + line}"), _seen.Where(seen => seen[0] == name));
        }
    }

    [Fact]
    public async Task A_failure_is_told_and_the_next_comes_all_the_same()
    {
        using var lines = Lines(100, value => value.Timestamp == Time(1) ? throw new InvalidOperationException("no") : Task.CompletedTask);

        for (var i = 0; i < 3; i++)
        {
            await AddAsync(lines, "a", i);
        }

        await lines.CompleteAsync().WaitAsync(s_hang);
        Assert.Equal(["a0", "a1", "a2"], _seen);
        Assert.Equal(["a1 no"], _failed);
    }

    [Fact]
    public async Task A_failure_that_cannot_be_told_ends_all()
    {
        using var lines = new EventLines((_, _) => throw new InvalidOperationException("no"), (_, e) => throw e, 1, _end);

        await AddAsync(lines, "a", 0);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AddAsync(lines, "b", 0).WaitAsync(s_hang));
        await Assert.ThrowsAsync<InvalidOperationException>(() => lines.CompleteAsync().WaitAsync(s_hang));
    }

    [Fact]
    public async Task No_more_are_taken_than_there_is_room()
    {
        var held = new TaskCompletionSource();
        using var lines = Lines(3, _ => held.Task);
        await AddAsync(lines, "a", 0);
        await AddAsync(lines, "a", 1);
        await AddAsync(lines, "b", 0);

        var waiting = AddAsync(lines, "c", 0);

        Assert.False(waiting.IsCompleted);
        held.SetResult();
        await waiting.WaitAsync(s_hang);
        await lines.CompleteAsync().WaitAsync(s_hang);
        Assert.Equal(4, _seen.Count);
    }

    [Fact]
    public async Task At_the_end_handlers_are_waited_for_and_what_waits_is_dropped()
    {
        var ended = false;
        using var lines = new EventLines(
            async (value, token) =>
            {
                _seen.Enqueue(value.Id);
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                finally
                {
                    await Task.Delay(50, CancellationToken.None);
                    ended = true;
                }
            },
            (_, e) => _failed.Enqueue(e.Message),
            10,
            _end);
        await AddAsync(lines, "a", 0);
        await AddAsync(lines, "a", 1);
        while (_seen.IsEmpty)
        {
            await Task.Delay(1).WaitAsync(s_hang);
        }

        await _end.CancelAsync();
        await lines.CompleteAsync().WaitAsync(s_hang);

        Assert.True(ended);
        Assert.Equal(["a"], _seen);
        Assert.Empty(_failed);
    }

    private EventLines Lines(int capacity, Func<CtrEvent, Task> handle) => new(
        (value, _) =>
        {
            _seen.Enqueue($"{value.Id}{(value.Timestamp - DateTimeOffset.UnixEpoch).TotalSeconds}");
            return handle(value);
        },
        (value, e) => _failed.Enqueue($"{value.Id}{(value.Timestamp - DateTimeOffset.UnixEpoch).TotalSeconds} {e.Message}"),
        capacity,
        _end);

    private static Task AddAsync(EventLines lines, string id, int number) =>
        lines.AddAsync(new CtrTaskPausedEvent { ContainerId = id, Namespace = "ns", Timestamp = Time(number) });

    private static DateTimeOffset Time(int number) => DateTimeOffset.UnixEpoch.AddSeconds(number);
}
