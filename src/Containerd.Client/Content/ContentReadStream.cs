using Containerd.Client.Grpc;
using Containerd.Client.Oci.Images;
using Containerd.Protocol.Content;

namespace Containerd.Client;

/// <summary>
/// A blob as it arrives. It is asked for in parts, as HTTP/2's flow control lets a server be 16 MiB ahead of a slow reader.
/// It is read asynchronously only.
/// </summary>
internal sealed class ContentReadStream(
    ServiceChannel services,
    string digest,
    Func<Task<long>> findSize,
    Func<long, long, AsyncServerStreamingCall<ReadContentResponse>> read) : ForwardStream
{
    private const long PartSize = 4 * 1024 * 1024;

    private readonly Resource _resource = Resource.Content(digest);
    private AsyncServerStreamingCall<ReadContentResponse>? _part;
    private ReadOnlyMemory<byte> _piece;
    private long? _size;
    private long _asked;

    public override int Read(Span<byte> buffer) => throw new NotSupportedException("A blob is read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_piece.IsEmpty)
        {
            if (_part is null && !await BeginPartAsync().ConfigureAwait(false))
            {
                return 0;
            }

            if (await services.MoveNextAsync(_part!.ResponseStream, _resource, cancellationToken, services.Timeout).ConfigureAwait(false))
            {
                _piece = _part.ResponseStream.Current.Data.Memory;
            }
            else
            {
                _part.Dispose();
                _part = null;
            }
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
            _part?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Asks for what follows; false at the end.</summary>
    private async Task<bool> BeginPartAsync()
    {
        long size = _size ??= await findSize().ConfigureAwait(false);
        long part = Math.Min(PartSize, size - _asked);
        if (part == 0)
        {
            return false;
        }

        _part = read(_asked, part);
        _asked += part;
        return true;
    }
}
