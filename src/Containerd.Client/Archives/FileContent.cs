using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Archives;

/// <summary>
/// A file as long as it was when its length was told: of one that grows meanwhile, such as a log, the rest is left out, and
/// one that shrinks is filled up with zeros. A tar needs it so, as the length comes first.
/// </summary>
internal sealed class FileContent(SafeFileHandle file, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    // A tar writer asks only those for their length.
    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        buffer = buffer[..(int)Math.Min(buffer.Length, length - _position)];
        int count = await RandomAccess.ReadAsync(file, buffer, _position, cancellationToken).ConfigureAwait(false);
        return Advance(buffer.Span, count);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        Span<byte> part = buffer.AsSpan(offset, (int)Math.Min(count, length - _position));
        return Advance(part, RandomAccess.Read(file, part, _position));
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Advance(Span<byte> buffer, int count)
    {
        if (count == 0)
        {
            buffer.Clear();
            count = buffer.Length;
        }

        _position += count;
        return count;
    }
}
