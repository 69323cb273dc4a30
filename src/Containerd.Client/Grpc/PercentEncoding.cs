using System.Buffers;
using System.Globalization;
using System.Text;

namespace Containerd.Client.Grpc;

/// <summary>The encoding of <c>grpc-message</c> (PROTOCOL-HTTP2.md, "Percent-Encoded").</summary>
internal static class PercentEncoding
{
    /// <summary>Decodes; what is not a valid sequence stays as it came, as the protocol demands.</summary>
    public static string Decode(string text)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return Encoding.UTF8.GetString(bytes.AsSpan(0, Decode(text, bytes)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static int Decode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes[written++] = value;
                i += 2;
            }
            else
            {
                // Headers arrive as Latin-1, so a peer's raw UTF-8 bytes are one character each.
                bytes[written++] = text[i] <= byte.MaxValue ? (byte)text[i] : (byte)'?';
            }
        }

        return written;
    }
}
