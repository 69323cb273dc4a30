using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.IO;

/// <summary>
/// The reading end of a FIFO. What is there is read at once; .NET's epoll loop is asked only while there is nothing, for it
/// wakes a thread for each write to what it watches, and a busy process writes a few KiB at a time.
/// </summary>
internal sealed class FifoReader : Stream
{
    // While output flows it is let to gather for so long between reads; the FIFO has room for a mebibyte meanwhile.
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(2);

    private readonly string _path;
    private readonly SafePipeHandle _fifo;
    private volatile AnonymousPipeClientStream? _waiting;
    private volatile bool _disposed;
    private bool _flows;

    /// <exception cref="IOException">It cannot be opened, or it is a link or not a FIFO.</exception>
    public FifoReader(string path)
    {
        _path = path;
        _fifo = Fifo.Open(path, FileAccess.Read);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is there, or waits for it; 0 when every writer is gone.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_flows)
        {
            // Of a thread that has work: to give it up and get it back costs more.
            Thread.Sleep(s_gather);
        }

        if (TryRead(buffer.Span, out int count))
        {
            _flows = count < buffer.Length;
            return count;
        }

        long asked = Stopwatch.GetTimestamp();
        count = await WaitAndReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _flows = count < buffer.Length && Stopwatch.GetElapsedTime(asked) < s_gather;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Closes the end, which also ends a read that waits.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _disposed = true;
            _fifo.Dispose();
            _waiting?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Reads without waiting; false where there is nothing and a writer is left.</summary>
    private bool TryRead(Span<byte> buffer, out int count)
    {
        count = (int)Libc.Read(_fifo, buffer, buffer.Length);
        if (count >= 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error is Libc.TryAgain or Libc.Interrupted
            ? false
            : throw new IOException($"Cannot read the FIFO '{_path}': {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    // Opened anew and closed again: the loop would go on to be told of a file that is merely not waited for.
    private async ValueTask<int> WaitAndReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var waiting = new AnonymousPipeClientStream(PipeDirection.In, Fifo.Reopen(_fifo));
        _waiting = waiting;
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            return await waiting.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _waiting = null;
        }
    }
}
