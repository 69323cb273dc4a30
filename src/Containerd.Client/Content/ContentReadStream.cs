using Containerd.Client.Grpc;
using Containerd.Client.Oci.Images;
using Containerd.Protocol.Content;

namespace Containerd.Client;

/// <summary>A blob as it arrives (Content.Read). It holds one piece of 1 MiB at most, and is read asynchronously only.</summary>
internal sealed class ContentReadStream(
    ServiceChannel services, AsyncServerStreamingCall<ReadContentResponse> call, Resource resource) : ForwardStream
{
    private ReadOnlyMemory<byte> _piece;

    public override int Read(Span<byte> buffer) => throw new NotSupportedException("A blob is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_piece.IsEmpty)
        {
            if (!await services.MoveNextAsync(call.ResponseStream, resource, cancellationToken, services.Timeout).ConfigureAwait(false))
            {
                return 0;
            }

            _piece = call.ResponseStream.Current.Data.Memory;
        }

        int length = Math.Min(buffer.Length, _piece.Length);
        _piece.Span[..length].CopyTo(buffer.Span);
        _piece = _piece[length..];
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            call.Dispose();
        }

        base.Dispose(disposing);
    }
}
