using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>The responses of a streaming call. One reader at a time; a message is fetched only when it is asked for.</summary>
internal sealed class AsyncStreamReader<TResponse>(GrpcCall<TResponse> call) : IAsyncEnumerable<TResponse>
    where TResponse : class, IMessage<TResponse>
{
    private TResponse? _current;

    /// <summary>The message that <see cref="MoveNext"/> has fetched.</summary>
    public TResponse Current => _current ?? throw new InvalidOperationException("There is no current message.");

    /// <summary>Fetches the next message; false once the call has ended well. A token that fires ends the whole call.</summary>
    /// <exception cref="RpcException">The call ended with an error.</exception>
    /// <exception cref="OperationCanceledException">The caller's token fired.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> MoveNext(CancellationToken cancellationToken = default)
    {
        _current = await call.ReadAsync(cancellationToken).ConfigureAwait(false);
        return _current is not null;
    }

    public async IAsyncEnumerator<TResponse> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await MoveNext(cancellationToken).ConfigureAwait(false))
        {
            yield return Current;
        }
    }
}
