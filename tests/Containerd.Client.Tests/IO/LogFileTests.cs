using Containerd.Client.IO;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.IO;

public sealed class LogFileTests : IOFixture
{
    private string Log => Path.Combine(Root, "log");

    [Fact]
    public async Task A_file_is_read_to_its_present_end()
    {
        File.WriteAllText(Log, "one\r\ntwo\nthree");
        var lines = await ReadAsync(new LogOptions());
        Assert.Equal(["one", "two", "three"], lines.Select(l => l.Text));
        Assert.All(lines, line => Assert.Equal(("box", null), (line.ContainerId, line.Timestamp)));
    }

    [Fact]
    public async Task A_missing_file_is_an_error() =>
        await Assert.ThrowsAsync<FileNotFoundException>(() => ReadAsync(new LogOptions()));

    [Property(MaxTest = 200)]
    public bool The_tail_is_the_end_of_all_lines(byte[] lengths, byte tail, bool ended)
    {
        var path = Path.Combine(Root, Guid.NewGuid().ToString("N"));
        var lines = lengths.Select((length, i) => new string((char)('a' + (i % 26)), length * length / 4)).ToArray();
        File.WriteAllText(path, string.Join('\n', lines) + (ended && lines.Length > 0 ? "\n" : ""));
        var all = ReadAsync(new LogOptions(), path).GetAwaiter().GetResult().ConvertAll(l => l.Text);
        var some = ReadAsync(new LogOptions { Tail = tail }, path).GetAwaiter().GetResult().ConvertAll(l => l.Text);
        return some.SequenceEqual(all.TakeLast(tail));
    }

    [Fact]
    public void A_negative_tail_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogOptions { Tail = -1 });

    [Fact]
    public async Task The_tail_of_a_large_file_is_found_from_its_end()
    {
        using (var file = new FileStream(Log, FileMode.CreateNew))
        {
            // A hole of 64 GiB: who reads it all does not finish.
            file.Seek(64L << 30, SeekOrigin.Begin);
            file.Write(Utf8("\nlast but one\nlast\n"));
        }

        var lines = await ReadAsync(new LogOptions { Tail = 2 });
        Assert.Equal(["last but one", "last"], lines.Select(l => l.Text));
    }

    [Fact]
    public async Task Since_leaves_out_a_file_that_was_last_written_before()
    {
        File.WriteAllText(Log, "one\n");
        File.SetLastWriteTimeUtc(Log, new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Empty(await ReadAsync(new LogOptions { Since = new DateTimeOffset(2024, 1, 2, 0, 0, 0, TimeSpan.Zero) }));
        Assert.Single(await ReadAsync(new LogOptions { Since = new DateTimeOffset(2023, 12, 31, 0, 0, 0, TimeSpan.Zero) }));
    }

    [Fact]
    public async Task Following_holds_a_line_until_it_is_whole_and_ends_after_the_last_byte()
    {
        using var log = OpenAppend();
        log.Write(Utf8("one\ntw"));
        var finished = new TaskCompletionSource();
        await using var lines = Follow(new LogOptions { Finished = finished.Task });
        Assert.Equal("one", await NextAsync(lines));
        var next = NextAsync(lines);
        log.Write(Utf8("o\nthr"));
        Assert.Equal("two", await next);
        log.Write(Utf8("ee"));
        finished.SetResult();
        Assert.Equal("three", await NextAsync(lines));
        Assert.Null(await NextAsync(lines));
    }

    [Fact]
    public async Task Following_a_tail_of_none_gives_what_is_new()
    {
        using var log = OpenAppend();
        log.Write(Utf8("old\n"));
        var finished = new TaskCompletionSource();
        await using var lines = Follow(new LogOptions { Tail = 0, Finished = finished.Task });
        var next = NextAsync(lines);
        log.Write(Utf8("new\n"));
        Assert.Equal("new", await next);
    }

    [Fact]
    public async Task Following_starts_again_when_the_file_is_truncated()
    {
        using var log = OpenAppend();
        log.Write(Utf8("a long first line\npart"));
        await using var lines = Follow(new LogOptions { Finished = NeverExits });
        Assert.Equal("a long first line", await NextAsync(lines));
        var next = NextAsync(lines);
        log.SetLength(0);
        Assert.Equal("part", await next);
        next = NextAsync(lines);
        log.Write(Utf8("new\n"));
        Assert.Equal("new", await next);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Following_goes_on_with_the_file_that_takes_the_name(bool deleted)
    {
        using var log = OpenAppend();
        log.Write(Utf8("one\n"));
        var finished = new TaskCompletionSource();
        await using var lines = Follow(new LogOptions { Finished = finished.Task });
        Assert.Equal("one", await NextAsync(lines));
        var next = NextAsync(lines);
        if (deleted)
        {
            File.Delete(Log);
        }
        else
        {
            File.Move(Log, Log + ".1");
        }

        log.Write(Utf8("two, late\n"));
        Assert.Equal("two, late", await next);
        File.WriteAllText(Log, "three\n");
        Assert.Equal("three", await NextAsync(lines));
        finished.SetResult();
        Assert.Null(await NextAsync(lines));
        Assert.Equal(1, OpenDescriptors());
    }

    [Fact]
    public async Task Cancelling_ends_following_and_closes_the_file()
    {
        File.WriteAllText(Log, "");
        using var cancellation = new CancellationTokenSource();
        await using (var lines = LogFile.ReadAsync(Log, "box", new LogOptions { Finished = NeverExits }, cancellation.Token).GetAsyncEnumerator())
        {
            var next = lines.MoveNextAsync().AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Hang));
        }

        Assert.Equal(0, OpenDescriptors());
    }

    private static async Task<string?> NextAsync(IAsyncEnumerator<CtrOutputLine> lines) =>
        await lines.MoveNextAsync().AsTask().WaitAsync(Hang) ? lines.Current.Text : null;

    private FileStream OpenAppend() =>
        new(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private IAsyncEnumerator<CtrOutputLine> Follow(LogOptions options) =>
        LogFile.ReadAsync(Log, "box", options, default).GetAsyncEnumerator();

    private async Task<List<CtrOutputLine>> ReadAsync(LogOptions options, string? path = null)
    {
        var lines = new List<CtrOutputLine>();
        await foreach (var line in LogFile.ReadAsync(path ?? Log, "box", options, default))
        {
            lines.Add(line);
        }

        return lines;
    }
}
