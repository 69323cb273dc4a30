using System.Buffers;
using System.Security.Cryptography;
using Containerd.Client.Grpc;

namespace Containerd.Client;

/// <summary>An ingest that is written to while its content is being made. It holds one piece of 1 MiB, and is written asynchronously only.</summary>
internal sealed class ContentWriteStream(ContentWriter writer) : Stream
{
    private static readonly Dictionary<string, string> s_noLabels = [];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _piece = ArrayPool<byte>.Shared.Rent(ContentWriter.PieceSize);
    private int _filled;
    private long _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Sends what is left and makes it all a blob; one that is there already is success.</summary>
    /// <exception cref="RpcException">The daemon refuses.</exception>
    public async Task<(string Digest, long Size)> CommitAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await writer.CommitAsync(s_noLabels, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            // The daemon keeps the one that is there under this call's lease.
        }

        return ($"sha256:{Convert.ToHexString(_hash.GetHashAndReset()).ToLowerInvariant()}", _length);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            int length = Math.Min(buffer.Length, ContentWriter.PieceSize - _filled);
            buffer[..length].CopyTo(_piece.AsMemory(_filled));
            _filled += length;
            buffer = buffer[length..];
            if (_filled == ContentWriter.PieceSize)
            {
                await SendAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A blob is written asynchronously.");

    // A piece is sent when it is full: small ones would cost a round trip each.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _piece.Length > 0)
        {
            _hash.Dispose();
            ArrayPool<byte>.Shared.Return(_piece);
            _piece = [];
        }

        base.Dispose(disposing);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        if (_filled == 0)
        {
            return;
        }

        ReadOnlyMemory<byte> piece = _piece.AsMemory(0, _filled);
        _hash.AppendData(piece.Span);
        await writer.WritePieceAsync(piece, cancellationToken).ConfigureAwait(false);
        _length += _filled;
        _filled = 0;
    }
}
