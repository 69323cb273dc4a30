using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>The requests of a streaming call. One writer at a time; a write ends when flow control has let it through.</summary>
internal sealed class ClientStreamWriter<TRequest>(
    StreamingContent content, CallLifetime lifetime, int maxMessageSize, Func<Task> verdict)
    where TRequest : class, IMessage<TRequest>
{
    private const int Idle = 0, Writing = 1, Completed = 2;
    private int _state = Idle;

    /// <exception cref="RpcException">The call has ended, or the message is too large.</exception>
    /// <exception cref="OperationCanceledException">The caller's token fired, which ends the whole call.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(TRequest message, CancellationToken cancellationToken = default)
    {
        MessageFrame.ThrowIfTooLarge(message, maxMessageSize);
        Enter(Writing);
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
            Volatile.Write(ref _state, Idle);
        }
    }

    /// <summary>Tells the server that no further message follows.</summary>
    public Task CompleteAsync()
    {
        Enter(Completed);
        content.Complete();
        return Task.CompletedTask;
    }

    private void Enter(int state)
    {
        var problem = Interlocked.CompareExchange(ref _state, state, Idle) switch
        {
            Writing => "Another write of this request is under way.",
            Completed => "The request has been completed.",
            _ => null,
        };
        if (problem is not null)
        {
            throw new InvalidOperationException(problem);
        }
    }

    // The request body opens when a connection is there; a call that fails first never opens it.
    private async ValueTask<Stream> OpenAsync()
    {
        if (!content.Opened.IsCompleted)
        {
            var refused = verdict();
            refused.Observe();
            if (await Task.WhenAny(content.Opened, refused).WaitAsync(lifetime.Token).ConfigureAwait(false) == refused && !refused.IsCompletedSuccessfully)
            {
                throw new IOException("The call ended before its request could be sent.");
            }
        }

        // A response may begin before the request does.
        return await content.Opened.WaitAsync(lifetime.Token).ConfigureAwait(false);
    }
}
