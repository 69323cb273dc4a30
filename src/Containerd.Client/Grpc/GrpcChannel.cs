using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>
/// gRPC calls over HTTP/2 connections that a transport opens: any number at once, from any thread.
/// Disposing it ends the calls under way with <see cref="StatusCode.Cancelled"/>.
/// </summary>
internal sealed class GrpcChannel : IDisposable, IAsyncDisposable
{
    private const int StreamWindowSize = 1024 * 1024;
    private static readonly MediaTypeHeaderValue s_contentType = new("application/grpc");
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMilliseconds(500);

    private readonly Uri _address;
    private readonly HttpMessageInvoker _invoker;
    private readonly CancellationTokenSource _closed = new();

    /// <param name="address">Scheme (http, or https where the transport's streams are TLS) and authority that the server is told.</param>
    /// <param name="connect">Opens a stream to the server; the channel closes it.</param>
    /// <param name="options">Limits and names.</param>
    public GrpcChannel(Uri address, Func<CancellationToken, ValueTask<Stream>> connect, GrpcChannelOptions? options = null)
    {
        Options = options ?? new GrpcChannelOptions();
        _address = address;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellationToken) => connect(cancellationToken),
            ConnectTimeout = Options.ConnectTimeout,

            // A server may allow few streams a connection, and watchers hold theirs for hours.
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = StreamWindowSize,
            AutomaticDecompression = DecompressionMethods.None,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
        });
    }

    public GrpcChannelOptions Options { get; }

    /// <summary>Whether this side has closed it.</summary>
    public bool IsClosed => _closed.IsCancellationRequested;

    /// <exception cref="RpcException">The call ended with an error.</exception>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    public async Task<TResponse> UnaryCallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, CallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using var call = Start(method, MethodType.Unary, Body(request), options);
        return await call.ReadSingleAsync().ConfigureAwait(false);
    }

    public AsyncServerStreamingCall<TResponse> ServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, CallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        new(Start(method, MethodType.ServerStreaming, Body(request), options));

    public AsyncClientStreamingCall<TRequest, TResponse> ClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, CallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var content = new StreamingContent();
        return new(Start(method, MethodType.ClientStreaming, content, options), content, Options.MaxSendMessageSize);
    }

    public AsyncDuplexStreamingCall<TRequest, TResponse> DuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, CallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var content = new StreamingContent();
        return new(Start(method, MethodType.DuplexStreaming, content, options), content, Options.MaxSendMessageSize);
    }

    public void Dispose()
    {
        if (!IsClosed)
        {
            _closed.Cancel();
            _invoker.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends a request and returns at its response's headers.</summary>
    internal async Task<HttpResponseMessage> SendAsync(string method, HttpContent content, CallOptions options, CallLifetime lifetime)
    {
        for (var backoff = s_firstBackoff; ; backoff = Min(backoff * 2, s_longestBackoff))
        {
            try
            {
                return await _invoker.SendAsync(Request(method, content, options, lifetime), lifetime.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
                when (options.WaitForReady && TransportFailure.IsConnectFailure(exception) && !lifetime.Token.IsCancellationRequested)
            {
                await lifetime.DelayAsync(backoff, exception).ConfigureAwait(false);
            }
        }
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private UnaryContent Body(IMessage request)
    {
        MessageFrame.ThrowIfTooLarge(request, Options.MaxSendMessageSize);
        return new UnaryContent(request);
    }

    private GrpcCall<TResponse> Start<TRequest, TResponse>(
        Method<TRequest, TResponse> method, MethodType type, HttpContent content, in CallOptions options)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (method.Type != type)
        {
            throw new ArgumentException($"{method.FullName} is {method.Type}, not {type}.", nameof(method));
        }

        var lifetime = new CallLifetime(options, _closed.Token);
        (content as StreamingContent)?.EndWith(lifetime.Token);
        return new GrpcCall<TResponse>(this, method.FullName, method.ResponseDeserializer, content, options, lifetime);
    }

    private HttpRequestMessage Request(string method, HttpContent content, in CallOptions options, CallLifetime lifetime)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("User-Agent", Options.UserAgent);
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity," + GzipMessage.Encoding);
        content.Headers.ContentType ??= s_contentType;
        if (lifetime.Remaining is { } remaining)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", TimeoutEncoding.Encode(remaining));
        }

        options.Headers?.CopyTo(request.Headers);
        return request;
    }
}
