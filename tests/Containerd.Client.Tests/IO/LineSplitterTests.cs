using System.Text;
using Containerd.Client.IO;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.IO;

public sealed class LineSplitterTests
{
    // Bytes that matter to a splitter: line ends, and the parts of characters of one to four bytes, valid and not.
    private static readonly byte[] Alphabet = [.. "a\n\r\n\rb"u8, .. "é€😀"u8, 0xFF, 0x80];

    [Property(MaxTest = 1000)]
    public bool Any_chunking_gives_the_same_lines(byte[] content, byte[] chunks, byte limit)
    {
        var data = content.Select(b => Alphabet[b % Alphabet.Length]).ToArray();
        var max = 4 + (limit % 16);
        return Split(data, [], max).SequenceEqual(Split(data, chunks, max));
    }

    [Property(MaxTest = 1000)]
    public bool Lines_are_what_lies_between_the_line_ends(string[] texts, byte[] chunks)
    {
        var lines = texts.Select(text => (text ?? "").Replace("\n", "", StringComparison.Ordinal).TrimEnd('\r')).ToArray();
        var expected = lines.Select(line => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(line))).ToArray();
        var data = Encoding.UTF8.GetBytes(string.Concat(lines.Select((line, i) => line + (i % 2 == 0 ? "\n" : "\r\n"))));
        return Split(data, chunks, LineSplitter.DefaultLimit).SequenceEqual(expected);
    }

    [Property(MaxTest = 1000)]
    public bool No_line_is_longer_than_the_limit_and_no_byte_of_a_long_line_is_lost(byte[] content, byte limit)
    {
        var data = content.Select(b => Alphabet[b % Alphabet.Length]).Where(b => b is not ((byte)'\n' or (byte)'\r')).ToArray();
        var max = 4 + (limit % 16);
        var lines = Split(data, [], max);
        return lines.All(line => line.Length <= max + 1)
            && (data.Contains((byte)0xFF) || data.Contains((byte)0x80) || string.Concat(lines) == Encoding.UTF8.GetString(data));
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("\n", new[] { "" })]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\nb", new[] { "a", "b" })]
    [InlineData("a\r\n\r\nb\r\n", new[] { "a", "", "b" })]
    [InlineData("10%\r20%\r30%\n", new[] { "10%\r20%\r30%" })]
    public void Splits(string text, string[] lines) =>
        Assert.Equal(lines, Split(Encoding.UTF8.GetBytes(text), [1], LineSplitter.DefaultLimit));

    [Fact]
    public void Invalid_bytes_are_replaced() =>
        Assert.Equal(["a\uFFFDb"], Split([(byte)'a', 0xFF, (byte)'b'], [], LineSplitter.DefaultLimit));

    [Fact]
    public void A_line_of_the_limit_is_whole_and_a_longer_one_is_cut_between_characters()
    {
        Assert.Equal(["12345678"], Split("12345678\r\n"u8.ToArray(), [3], 8));
        Assert.Equal(["12345678", "90"], Split("1234567890\r\n"u8.ToArray(), [3], 8));
        Assert.Equal(["1234567", "€890"], Split("1234567€890"u8.ToArray(), [3], 8));
        Assert.Equal(["12345", "😀890"], Split("12345😀890"u8.ToArray(), [], 8));
    }

    [Fact]
    public void Output_without_line_ends_does_not_fill_the_memory()
    {
        using var splitter = new LineSplitter();
        ReadOnlyMemory<byte> chunk = new byte[64 * 1024];
        long characters = 0;
        for (var i = 0; i < 160; i++)
        {
            var data = chunk;
            while (splitter.TryRead(ref data, out var line))
            {
                Assert.Equal(LineSplitter.DefaultLimit, line.Length);
                characters += line.Length;
            }
        }

        Assert.True(splitter.TryComplete(out var last));
        Assert.Equal(160L * chunk.Length, characters + last.Length);
    }

    private static List<string> Split(byte[] data, byte[] chunks, int limit)
    {
        using var splitter = new LineSplitter(limit);
        var lines = new List<string>();
        var at = 0;
        for (var i = 0; at < data.Length; i++)
        {
            var size = chunks.Length == 0 ? data.Length : 1 + (chunks[i % chunks.Length] % 7);
            ReadOnlyMemory<byte> chunk = data.AsMemory(at, Math.Min(size, data.Length - at));
            at += chunk.Length;
            while (splitter.TryRead(ref chunk, out var line))
            {
                lines.Add(line);
            }
        }

        if (splitter.TryComplete(out var last))
        {
            lines.Add(last);
        }

        return lines;
    }
}
