using System.Buffers;
using System.Text;

namespace Containerd.Client.IO;

/// <summary>
/// Cuts a stream of bytes into lines of text, however the bytes arrive. LF and CRLF end a line. Text is UTF-8;
/// invalid bytes become U+FFFD. A line longer than the limit is cut, between two characters, so that output without
/// line ends cannot fill the memory.
/// </summary>
internal sealed class LineSplitter(int limit = LineSplitter.DefaultLimit) : IDisposable
{
    public const int DefaultLimit = 1024 * 1024;
    private const int KeptBuffer = 64 * 1024;
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';

    private byte[] _held = [];
    private int _heldLength;

    /// <summary>Takes the next whole line off the data; what has no end yet is held back.</summary>
    /// <param name="data">What was read; shrinks to what is left of it.</param>
    /// <param name="line">The line without its end.</param>
    /// <returns>False when the data is used up.</returns>
    public bool TryRead(ref ReadOnlyMemory<byte> data, out string line)
    {
        // The longest a line gets: the limit, one more byte that may be the CR of its end, and one to know that it goes on.
        var room = limit + 2 - _heldLength;
        var window = data.Span[..Math.Min(data.Length, room)];
        var end = window.IndexOf(LineFeed);
        if (end >= 0)
        {
            data = data[(end + 1)..];
            line = Finish(window[..end]);
            return true;
        }

        Hold(window);
        data = data[window.Length..];
        if (window.Length == room)
        {
            line = Cut();
            return true;
        }

        line = "";
        return false;
    }

    /// <summary>Gives the last line, which had no end.</summary>
    /// <returns>False when nothing is held.</returns>
    public bool TryComplete(out string line)
    {
        var some = _heldLength > 0;
        line = some ? Finish([]) : "";
        return some;
    }

    public void Dispose()
    {
        _heldLength = 0;
        Release();
    }

    private static string Decode(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text is [.., CarriageReturn] ? text[..^1] : text);

    private string Finish(ReadOnlySpan<byte> rest)
    {
        if (_heldLength == 0)
        {
            return Decode(rest);
        }

        Hold(rest);
        var line = Decode(_held.AsSpan(0, _heldLength));
        _heldLength = 0;
        if (_held.Length > KeptBuffer)
        {
            Release();
        }

        return line;
    }

    private string Cut()
    {
        var at = limit;
        while (at > limit - 4 && at > 0 && (_held[at] & 0b1100_0000) == 0b1000_0000)
        {
            at--;
        }

        // Only continuation bytes: not UTF-8 anyway.
        if (at == 0 || at == limit - 4)
        {
            at = limit;
        }

        var line = Encoding.UTF8.GetString(_held, 0, at);
        _held.AsSpan(at, _heldLength - at).CopyTo(_held);
        _heldLength -= at;
        return line;
    }

    private void Hold(ReadOnlySpan<byte> data)
    {
        var length = _heldLength + data.Length;
        if (length > _held.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, 2 * _heldLength));
            _held.AsSpan(0, _heldLength).CopyTo(larger);
            Release();
            _held = larger;
        }

        data.CopyTo(_held.AsSpan(_heldLength));
        _heldLength = length;
    }

    private void Release()
    {
        if (_held.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_held);
            _held = [];
        }
    }
}
