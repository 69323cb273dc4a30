using System.Net;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>A request body of one message.</summary>
internal sealed class UnaryContent(IMessage message) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        await MessageFrame.WriteAsync(stream, message, cancellationToken).ConfigureAwait(false);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
