using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>A call with one request and a stream of responses. Disposing it resets the stream.</summary>
internal sealed class AsyncServerStreamingCall<TResponse>(GrpcCall<TResponse> call) : IDisposable
    where TResponse : class, IMessage<TResponse>
{
    public AsyncStreamReader<TResponse> ResponseStream { get; } = new(call);

    public Task<Metadata> ResponseHeadersAsync => call.ReadHeadersAsync();

    public Status GetStatus() => call.GetStatus();

    public Metadata GetTrailers() => call.GetTrailers();

    public void Dispose() => call.Dispose();
}

/// <summary>A call with a stream of requests and one response. Disposing it resets the stream.</summary>
internal sealed class AsyncClientStreamingCall<TRequest, TResponse> : IDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcCall<TResponse> _call;

    public AsyncClientStreamingCall(GrpcCall<TResponse> call, StreamingContent content, int maxSendMessageSize)
    {
        _call = call;
        ResponseAsync = call.ReadSingleAsync();
        RequestStream = new(content, call.Lifetime, maxSendMessageSize, () => ResponseAsync);
    }

    public ClientStreamWriter<TRequest> RequestStream { get; }

    public Task<TResponse> ResponseAsync { get; }

    public Task<Metadata> ResponseHeadersAsync => _call.ReadHeadersAsync();

    public Status GetStatus() => _call.GetStatus();

    public Metadata GetTrailers() => _call.GetTrailers();

    public void Dispose()
    {
        _call.Dispose();
        ResponseAsync.Observe();
    }
}

/// <summary>A call with a stream each way. Disposing it resets the stream.</summary>
internal sealed class AsyncDuplexStreamingCall<TRequest, TResponse>(
    GrpcCall<TResponse> call, StreamingContent content, int maxSendMessageSize) : IDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public ClientStreamWriter<TRequest> RequestStream { get; } =
        new(content, call.Lifetime, maxSendMessageSize, call.ThrowIfRefusedAsync);

    public AsyncStreamReader<TResponse> ResponseStream { get; } = new(call);

    public Task<Metadata> ResponseHeadersAsync => call.ReadHeadersAsync();

    public Status GetStatus() => call.GetStatus();

    public Metadata GetTrailers() => call.GetTrailers();

    public void Dispose() => call.Dispose();
}
