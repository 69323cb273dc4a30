using System.IO.Compression;

namespace Containerd.Client.Oci.Images;

/// <summary>How a stream is compressed, told by its first bytes.</summary>
internal enum CompressionKind
{
    None,
    Gzip,
    Zstd,
}

internal static class Compression
{
    /// <summary>Bytes needed to tell.</summary>
    internal const int MagicLength = 4;

    internal static CompressionKind Detect(ReadOnlySpan<byte> start) => start switch
    {
        [0x1F, 0x8B, ..] => CompressionKind.Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => CompressionKind.Zstd,
        _ => CompressionKind.None,
    };

    /// <summary>The uncompressed content of a stream that is plain or gzip. The result owns the stream.</summary>
    /// <exception cref="NotSupportedException">The stream is compressed with zstd.</exception>
    internal static async Task<Stream> DecompressAsync(Stream stream, CancellationToken cancellationToken)
    {
        var start = new byte[MagicLength];
        var length = await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var whole = new PrefixedStream(start.AsMemory(0, length), stream);
        return Detect(start.AsSpan(0, length)) switch
        {
            CompressionKind.Gzip => new GZipStream(whole, CompressionMode.Decompress),
            CompressionKind.Zstd => throw new NotSupportedException("The content is compressed with zstd, which can't be read here: gzip or no compression can."),
            _ => whole,
        };
    }
}
