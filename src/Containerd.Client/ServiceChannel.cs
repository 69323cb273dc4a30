using System.Runtime.CompilerServices;
using Containerd.Client.Grpc;
using Google.Protobuf;

namespace Containerd.Client;

/// <summary>
/// The channel as the service clients see it: it adds the namespace, the lease and the deadline to each call, and
/// turns a failed call into a <see cref="CtrException"/>.
/// </summary>
internal sealed partial record ServiceChannel(
    GrpcChannel Channel, ContainerdAddress Address, string Namespace, TimeSpan? Timeout, string? LeaseId = null)
{
    /// <summary>No deadline, for calls that last as long as what they wait for.</summary>
    public static readonly TimeSpan NoTimeout = System.Threading.Timeout.InfiniteTimeSpan;

    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        TRequest request,
        Resource resource,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            return await Channel.UnaryCallAsync(method, request, Options(timeout ?? Timeout, cancellationToken)).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Translate(e, resource, cancellationToken);
        }
        catch (ObjectDisposedException e) when (Channel.IsClosed)
        {
            throw ErrorTranslation.ConnectionClosed(Address, e);
        }
    }

    public async IAsyncEnumerable<TResponse> StreamAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        TRequest request,
        Resource resource,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        TimeSpan? answerLimit = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using AsyncServerStreamingCall<TResponse> call = StartStream(method, request, cancellationToken);
        while (await MoveNextAsync(call.ResponseStream, resource, cancellationToken, answerLimit).ConfigureAwait(false))
        {
            yield return call.ResponseStream.Current;
        }
    }

    /// <summary>The options of a call: headers, deadline, cancellation.</summary>
    public CallOptions Options(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var headers = new Metadata { { "containerd-namespace", Namespace } };
        if (LeaseId is not null)
        {
            headers.Add("containerd-lease", LeaseId);
        }

        return new CallOptions(headers, timeout, CancellationToken: cancellationToken);
    }

    /// <summary>The error a person sees for what a call raised; cancellation wins over any status.</summary>
    public Exception Translate(RpcException error, Resource resource, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? new OperationCanceledException("The call was cancelled.", error, cancellationToken)
        : error.StatusCode == StatusCode.Cancelled && Channel.IsClosed ? ErrorTranslation.ConnectionClosed(Address, error)
        : ErrorTranslation.Translate(error, resource, Namespace, Address);

    /// <summary>Begins a call that is answered by a stream, and has no deadline.</summary>
    public AsyncServerStreamingCall<TResponse> StartStream<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Start(() => Channel.ServerStreamingCall(method, request, Options(NoTimeout, cancellationToken)));

    /// <summary>Begins a call that streams both ways, and has no deadline.</summary>
    public AsyncDuplexStreamingCall<TRequest, TResponse> StartDuplex<TRequest, TResponse>(
        Method<TRequest, TResponse> method, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Start(() => Channel.DuplexStreamingCall(method, Options(NoTimeout, cancellationToken)));

    /// <summary>The next message of a stream; false at its end. Where it has a limit, it fails when the message takes longer.</summary>
    public async Task<bool> MoveNextAsync<TResponse>(
        AsyncStreamReader<TResponse> stream, Resource resource, CancellationToken cancellationToken, TimeSpan? limit = null)
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            return await AnswerLimit.WithinAsync(limit, stream.MoveNext, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Translate(e, resource, cancellationToken);
        }
    }

    private TCall Start<TCall>(Func<TCall> call)
    {
        try
        {
            return call();
        }
        catch (ObjectDisposedException e) when (Channel.IsClosed)
        {
            throw ErrorTranslation.ConnectionClosed(Address, e);
        }
    }
}
