using Containerd.Protocol.Content;
using Google.Protobuf;

namespace Containerd.Client;

/// <summary>
/// Reads the answers of Content.Read without copying their data, of which a blob has as much as it is large: each is 1 MiB,
/// and would be garbage at once.
/// </summary>
internal static class ContentPiece
{
    private const uint Offset = (ReadContentResponse.OffsetFieldNumber << 3) | 0;
    private const uint Data = (ReadContentResponse.DataFieldNumber << 3) | 2;

    /// <summary>The message; its data are those bytes of the buffer.</summary>
    /// <exception cref="Google.Protobuf.InvalidProtocolBufferException">It is none.</exception>
    public static ReadContentResponse Deserialize(ReadOnlyMemory<byte> message)
    {
        var response = new ReadContentResponse();
        while (!message.IsEmpty)
        {
            message = message[ReadField(message, response)..];
        }

        return response;
    }

    /// <summary>Reads one field and tells its length.</summary>
    private static int ReadField(ReadOnlyMemory<byte> message, ReadContentResponse response)
    {
        // The parser takes arrays alone: the tag and a number are ten bytes each at most.
        byte[] start = message.Span[..Math.Min(message.Length, 20)].ToArray();
        using var input = new CodedInputStream(start);
        switch (input.ReadTag())
        {
            case Offset:
                response.Offset = input.ReadInt64();
                return (int)input.Position;
            case Data:
                int length = input.ReadLength();
                int at = (int)input.Position;
                if (length < 0 || length > message.Length - at)
                {
                    break;
                }

                response.Data = UnsafeByteOperations.UnsafeWrap(message.Slice(at, length));
                return at + length;
        }

        // Unknown, or damaged: the parser tells.
        response.MergeFrom(message.Span);
        return message.Length;
    }
}
