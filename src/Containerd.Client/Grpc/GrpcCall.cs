using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>One call on the wire: sends its request, reads its messages and its status, and resets it when it is disposed.</summary>
internal sealed class GrpcCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>
{
    private readonly Deserializer<TResponse> _deserializer;
    private readonly MessageReader _reader;
    private readonly Task<Response> _response;
    private volatile Exception? _failure;
    private volatile HttpResponseMessage? _finished;

    public GrpcCall(
        GrpcChannel channel, string method, Deserializer<TResponse> deserializer, HttpContent content, in CallOptions options, CallLifetime lifetime)
    {
        Lifetime = lifetime;
        _deserializer = deserializer;
        _reader = new MessageReader(channel.Options.MaxReceiveMessageSize);
        _response = StartAsync(channel, method, content, options);
    }

    public CallLifetime Lifetime { get; }

    public async Task<Metadata> ReadHeadersAsync() =>
        Metadata.From((await _response.ConfigureAwait(false)).Message.Headers);

    /// <summary>The next message, or null when the call has ended with <see cref="StatusCode.OK"/>.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        if (_finished is not null)
        {
            return null;
        }

        using var link = Lifetime.Link(cancellationToken);
        try
        {
            var (message, body, encoding) = await _response.ConfigureAwait(false);
            var next = await _reader.ReadAsync(body, _deserializer, encoding, Lifetime.Token).ConfigureAwait(false);
            if (next is null)
            {
                Finish(message);
            }

            return next;
        }
        catch (Exception exception) when (exception is RpcException || TransportFailure.Covers(exception))
        {
            throw Fail(exception);
        }
    }

    /// <summary>The one message of a response that is no stream.</summary>
    public async Task<TResponse> ReadSingleAsync()
    {
        var message = await ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (message is null || await ReadAsync(CancellationToken.None).ConfigureAwait(false) is not null)
        {
            throw Fail(new RpcException(new Status(
                StatusCode.Internal, message is null ? "The server sent no message." : "The server sent more than one message.")));
        }

        return message;
    }

    /// <summary>Throws what the call ended with, once the server has answered at all.</summary>
    public async Task ThrowIfRefusedAsync()
    {
        await _response.ConfigureAwait(false);
        ThrowIfFailed();
    }

    /// <exception cref="InvalidOperationException">The call has not ended.</exception>
    public Status GetStatus() => _failure switch
    {
        RpcException failure => failure.Status,
        not null => new Status(StatusCode.Cancelled, _failure.Message),
        null => _finished is not null ? Status.OK : throw NotEnded(),
    };

    /// <exception cref="InvalidOperationException">The call has not ended.</exception>
    public Metadata GetTrailers() => _failure switch
    {
        RpcException failure => failure.Trailers,
        not null => Metadata.Empty,
        null => _finished is not null ? Metadata.From(_finished.TrailingHeaders) : throw NotEnded(),
    };

    public void Dispose()
    {
        Lifetime.Dispose();
        _reader.Dispose();

        // Nobody may be left to see that a disposed call failed.
        _response.Observe();
    }

    private static InvalidOperationException NotEnded() => new("The call has not ended: read its responses to the end first.");

    private async Task<Response> StartAsync(GrpcChannel channel, string method, HttpContent content, CallOptions options)
    {
        try
        {
            var message = await channel.SendAsync(method, content, options, Lifetime).ConfigureAwait(false);

            // The body is taken before the token may dispose of it: what is half disposed of fails as if it had been read twice.
            var body = await message.Content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false);
            Lifetime.Token.UnsafeRegister(static response => ((HttpResponseMessage)response!).Dispose(), message);
            if (ResponseStatus.FromHeaders(message) is { StatusCode: not StatusCode.OK } status)
            {
                throw new RpcException(status, Metadata.From(message.Headers));
            }

            var encoding = message.Headers.NonValidated.TryGetValues("grpc-encoding", out var value) ? value.ToString() : null;
            return new Response(message, body, encoding);
        }
        catch (Exception exception) when (exception is RpcException || TransportFailure.Covers(exception))
        {
            throw Fail(exception);
        }
    }

    private void Finish(HttpResponseMessage message)
    {
        var status = ResponseStatus.FromHeaders(message) ?? ResponseStatus.FromTrailers(message);
        if (status.StatusCode != StatusCode.OK)
        {
            throw new RpcException(status, Metadata.From(message.TrailingHeaders));
        }

        _finished = message;
    }

    // The first failure stands; the stream is reset, for the server may not know that nobody listens.
    private Exception Fail(Exception exception)
    {
        if (_failure is null)
        {
            Interlocked.CompareExchange(ref _failure, Lifetime.Explain(exception), null);
            Lifetime.Cancel();
        }

        return _failure;
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    private sealed record Response(HttpResponseMessage Message, Stream Body, string? Encoding);
}
