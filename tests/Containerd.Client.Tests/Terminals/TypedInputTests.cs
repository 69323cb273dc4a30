using Containerd.Client.Terminals;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Terminals;

public sealed class TypedInputTests
{
    private static readonly DetachKeys s_keys = DetachKeys.Parse("a,a,b");

    [Property(MaxTest = 1000)]
    public async Task<bool> All_that_is_typed_before_the_detach_keys_passes_in_whatever_parts_it_comes(byte[] typed, byte[] parts)
    {
        // Of few different bytes, so that the keys and their beginnings occur.
        byte[] all = [.. typed.Select(b => (byte)('a' + (b % 3)))];
        int at = all.AsSpan().IndexOf("aab"u8);
        (byte[] passed, bool detached) = await TypeAsync(s_keys, all, parts);
        byte[] expected = at < 0 ? all[..^KeptBack(all)] : all[..at];
        return passed.AsSpan().SequenceEqual(expected) && detached == (at >= 0);
    }

    [Fact]
    public async Task Without_keys_everything_passes()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        (byte[] passed, bool detached) = await TypeAsync(DetachKeys.Parse(""), all, [3]);
        Assert.Equal(all, passed);
        Assert.False(detached);
    }

    [Theory]
    [InlineData("ctrl-p,ctrl-q", new byte[] { 16, 17 })]
    [InlineData("CTRL-A,d", new byte[] { 1, (byte)'d' })]
    [InlineData("ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", new byte[] { 0, 27, 28, 29, 30, 31 })]
    [InlineData("", new byte[0])]
    public void Keys_are_the_bytes_that_a_terminal_sends(string text, byte[] expected) =>
        Assert.Equal(expected, DetachKeys.Parse(text).Keys.ToArray());

    [Theory]
    [InlineData("ctrl-")]
    [InlineData("ctrl-1")]
    [InlineData("ctrl-pq")]
    [InlineData("alt-p")]
    [InlineData("a,,b")]
    [InlineData(" ")]
    [InlineData("é")]
    public void What_is_no_key_is_refused(string text) => Assert.Throws<FormatException>(() => DetachKeys.Parse(text));

    private static int KeptBack(ReadOnlySpan<byte> all) => all.EndsWith("aa"u8) ? 2 : all.EndsWith("a"u8) ? 1 : 0;

    private static async Task<(byte[] Passed, bool Detached)> TypeAsync(DetachKeys keys, byte[] all, byte[] parts)
    {
        int position = 0, part = 0;
        using var input = new TypedInput(keys, ReadAsync);
        using var passed = new MemoryStream();
        using var over = new CancellationTokenSource();
        var buffer = new byte[64];
        while (!input.Detached.IsCompleted)
        {
            // It waits for ever once the keys were typed, so that this ends the wait.
            Task<int> read = input.ReadAsync(buffer, over.Token).AsTask();
            if (await Task.WhenAny(read, input.Detached) != read && !read.IsCompleted)
            {
                await over.CancelAsync();
                break;
            }

            int count = await read;
            if (count == 0)
            {
                break;
            }

            passed.Write(buffer, 0, count);
        }

        return (passed.ToArray(), input.Detached.IsCompleted);

        Task<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
        {
            int wanted = parts.Length == 0 ? int.MaxValue : 1 + parts[part++ % parts.Length];
            int count = Math.Min(Math.Min(wanted, destination.Length), all.Length - position);
            all.AsMemory(position, count).CopyTo(destination);
            position += count;
            return Task.FromResult(count);
        }
    }
}
