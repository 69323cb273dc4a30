using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>A message on the wire: one byte that says whether it is compressed, its length, itself.</summary>
internal static class MessageFrame
{
    public const int HeaderSize = 5;

    /// <summary>Writes one uncompressed message; ends when HTTP/2 flow control has let it through.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask WriteAsync(Stream stream, IMessage message, CancellationToken cancellationToken)
    {
        var size = message.CalculateSize();
        var frame = ArrayPool<byte>.Shared.Rent(HeaderSize + size);
        try
        {
            frame[0] = 0;
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
            message.WriteTo(frame.AsSpan(HeaderSize, size));
            await stream.WriteAsync(frame.AsMemory(0, HeaderSize + size), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    /// <exception cref="RpcException">ResourceExhausted: the message is larger than <paramref name="maxSize"/> bytes.</exception>
    public static void ThrowIfTooLarge(IMessage message, int maxSize)
    {
        var size = message.CalculateSize();
        if (size > maxSize)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted, $"The message to send has {size} bytes; the limit is {maxSize}."));
        }
    }
}
