using System.Buffers;
using System.IO.Compression;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>A message that the server compressed; inflated no further than the size limit.</summary>
internal static class GzipMessage
{
    public const string Encoding = "gzip";

    /// <exception cref="RpcException">ResourceExhausted beyond the limit; Internal when it is not gzip.</exception>
    public static T Deserialize<T>(Deserializer<T> deserialize, MemoryStream compressed, int maxSize)
        where T : class, IMessage<T>
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            using var gzip = new GZipStream(compressed, CompressionMode.Decompress);
            var size = 0;
            while (gzip.Read(buffer.AsSpan(size)) is var read and > 0)
            {
                size += read;
                if (size > maxSize)
                {
                    throw MessageReader.TooLarge(maxSize);
                }

                if (size == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }

            // A message may refer to its bytes, and the buffer goes back.
            return deserialize(buffer.AsSpan(0, size).ToArray());
        }
        catch (InvalidDataException exception)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The server sent a message that is not valid gzip."), exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
