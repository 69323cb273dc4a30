using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>The requests of a streaming call. One writer at a time; a write ends when flow control has let it through.</summary>
internal sealed class ClientStreamWriter<TRequest>(
    StreamingContent content, CallLifetime lifetime, int maxMessageSize, Func<Task> verdict)
    where TRequest : class, IMessage<TRequest>
{
    private int _writing;

    /// <exception cref="RpcException">The call has ended, or the message is too large.</exception>
    /// <exception cref="OperationCanceledException">The caller's token fired, which ends the whole call.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(TRequest message, CancellationToken cancellationToken = default)
    {
        MessageFrame.ThrowIfTooLarge(message, maxMessageSize);
        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Another write of this request is under way.");
        }

        using var link = lifetime.Link(cancellationToken);
        try
        {
            var stream = await OpenAsync().ConfigureAwait(false);
            await MessageFrame.WriteAsync(stream, message, lifetime.Token).ConfigureAwait(false);
            await stream.FlushAsync(lifetime.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (TransportFailure.Covers(exception))
        {
            await verdict().ConfigureAwait(false);
            throw lifetime.Explain(exception);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>Tells the server that no further message follows.</summary>
    public Task CompleteAsync()
    {
        content.Complete();
        return Task.CompletedTask;
    }

    // The request body opens when a connection is there; a call that fails first never opens it.
    private async ValueTask<Stream> OpenAsync()
    {
        if (!content.Opened.IsCompleted)
        {
            await Task.WhenAny(content.Opened, verdict()).WaitAsync(lifetime.Token).ConfigureAwait(false);
        }

        return content.Opened.IsCompletedSuccessfully
            ? await content.Opened.ConfigureAwait(false)
            : throw new IOException("The call ended before its request could be sent.");
    }
}
