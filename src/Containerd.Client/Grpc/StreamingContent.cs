using System.Net;

namespace Containerd.Client.Grpc;

/// <summary>A request body that stays open until its writer completes it.</summary>
internal sealed class StreamingContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _ending;

    /// <summary>The stream to write to, once the request has been sent.</summary>
    public Task<Stream> Opened => _opened.Task;

    public void Complete() => _completed.TrySetResult();

    /// <summary>Names the token that ends the call on this side.</summary>
    public void EndWith(CancellationToken ending) => _ending = ending;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // SocketsHttpHandler holds the headers back until something is to be flushed: the server would not learn of the
        // call before its first message.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_opened.TrySetResult(stream))
        {
            throw new IOException("The connection was lost, and a stream that has begun cannot be sent again.");
        }

        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Where the peer has ended the call, the response tells why: a body that failed would hide it.
        _ending.ThrowIfCancellationRequested();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
