using Containerd.Protocol.Content;
using FsCheck.Xunit;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Containerd.Client.Tests.Content;

public sealed class ContentPieceTests
{
    [Property]
    public bool A_piece_is_what_the_parser_makes_of_it(long offset, byte[] data)
    {
        var piece = new ReadContentResponse { Offset = offset, Data = ByteString.CopyFrom(data) };
        return ContentPiece.Deserialize(piece.ToByteArray()).Equals(piece);
    }

    [Property]
    public bool Fields_may_come_in_any_order_and_more_than_once(long offset, byte[] first, byte[] last)
    {
        byte[] message =
        [
            .. new ReadContentResponse { Data = ByteString.CopyFrom(first) }.ToByteArray(),
            .. new ReadContentResponse { Offset = offset }.ToByteArray(),
            .. new FileDescriptorProto { Syntax = "unknown here" }.ToByteArray(),
            .. new ReadContentResponse { Data = ByteString.CopyFrom(last) }.ToByteArray(),
        ];
        return ContentPiece.Deserialize(message).Equals(ReadContentResponse.Parser.ParseFrom(message));
    }

    [Property]
    public bool Any_bytes_are_what_the_parser_makes_of_them_or_its_error(byte[] message) =>
        Equals(Of(() => ContentPiece.Deserialize(message)), Of(() => ReadContentResponse.Parser.ParseFrom(message)));

    [Fact]
    public void Its_data_are_those_of_the_buffer()
    {
        var message = new ReadContentResponse { Data = ByteString.CopyFrom(1, 2, 3) }.ToByteArray();
        var piece = ContentPiece.Deserialize(message);
        message[^1] = 9;
        Assert.Equal([1, 2, 9], piece.Data.ToByteArray());
    }

    private static ReadContentResponse? Of(Func<ReadContentResponse> read)
    {
        try
        {
            return read();
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
