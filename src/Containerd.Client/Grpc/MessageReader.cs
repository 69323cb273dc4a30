using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>
/// Cuts a response body into messages, whatever pieces it arrives in. It reads no further than the message asked for
/// and a little ahead, so that HTTP/2 flow control holds back a server that is faster than its reader.
/// </summary>
internal sealed class MessageReader(int maxMessageSize) : IDisposable
{
    private const int ReadAhead = 4096;
    private const int Idle = 0, Reading = 1, Disposed = 2;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _state = Idle;

    /// <summary>The next message, or null at the end of the body.</summary>
    /// <exception cref="RpcException">Too large, truncated, or compressed in a way that was not announced.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync<T>(
        Stream body, Deserializer<T> deserialize, string? encoding, CancellationToken cancellationToken)
        where T : class, IMessage<T>
    {
        Enter();
        try
        {
            if (!await FillAsync(body, MessageFrame.HeaderSize, cancellationToken).ConfigureAwait(false))
            {
                return _start == _end ? null : throw Truncated();
            }

            var compressed = _buffer[_start];
            var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
            if (length > maxMessageSize)
            {
                throw TooLarge(maxMessageSize);
            }

            _start += MessageFrame.HeaderSize;
            if (!await FillAsync(body, (int)length, cancellationToken).ConfigureAwait(false))
            {
                throw Truncated();
            }

            var message = compressed == 0
                ? deserialize(_buffer.AsMemory(_start, (int)length))
                : Decompress(deserialize, compressed, encoding, (int)length);
            _start += (int)length;
            return message;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Gives the buffer back, at once or when the read under way has ended.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _state, Disposed) == Idle)
        {
            ReturnBuffer();
        }
    }

    internal static RpcException TooLarge(int limit) => new(new Status(
        StatusCode.ResourceExhausted, $"The server sent a message that is larger than the limit of {limit} bytes."));

    private static RpcException Truncated() =>
        new(new Status(StatusCode.Internal, "The response ended in the middle of a message."));

    private T Decompress<T>(Deserializer<T> deserialize, byte compressed, string? encoding, int length)
        where T : class, IMessage<T>
    {
        if (compressed != 1 || encoding != GzipMessage.Encoding)
        {
            throw new RpcException(new Status(
                StatusCode.Internal, $"The server sent a message in an encoding that was not agreed on: '{encoding}'."));
        }

        return GzipMessage.Deserialize(deserialize, new MemoryStream(_buffer, _start, length, writable: false), maxMessageSize);
    }

    // False when the body ended first.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FillAsync(Stream body, int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            var room = Math.Min(_buffer.Length - _end, Math.Max(count - (_end - _start), ReadAhead));
            var read = await body.ReadAsync(_buffer.AsMemory(_end, room), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        if (_buffer.Length - _start >= count && _end < _buffer.Length)
        {
            return;
        }

        var available = _buffer.AsSpan(_start, _end - _start);
        if (count > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(count, ReadAhead));
            available.CopyTo(larger);
            ReturnBuffer();
            _buffer = larger;
        }
        else
        {
            available.CopyTo(_buffer);
        }

        _end = available.Length;
        _start = 0;
    }

    private void Enter()
    {
        var state = Interlocked.CompareExchange(ref _state, Reading, Idle);
        ObjectDisposedException.ThrowIf(state == Disposed, this);
        if (state == Reading)
        {
            throw new InvalidOperationException("Another read of this response is under way.");
        }
    }

    private void Leave()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Reading) == Disposed)
        {
            ReturnBuffer();
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
