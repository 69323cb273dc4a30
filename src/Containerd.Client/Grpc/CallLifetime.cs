using System.Diagnostics;

namespace Containerd.Client.Grpc;

/// <summary>
/// Everything that may end a call before the server does (its caller's token, its deadline, its disposal and that of
/// its channel) as one token, and afterwards which of them it was.
/// </summary>
internal sealed class CallLifetime : IDisposable
{
    // The longest that a CancellationTokenSource can wait: some 49 days.
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly CancellationToken _channel;
    private readonly long _started = Stopwatch.GetTimestamp();
    private object? _cancelledBy;

    public CallLifetime(in CallOptions options, CancellationToken channel)
    {
        _caller = options.CancellationToken;
        _channel = channel;
        _source = CancellationTokenSource.CreateLinkedTokenSource(_caller, channel);
        Token = _source.Token;
        if (options.Timeout is { } timeout && timeout != System.Threading.Timeout.InfiniteTimeSpan)
        {
            Timeout = timeout;
            if (timeout <= TimeSpan.Zero)
            {
                _source.Cancel();
            }
            else
            {
                _source.CancelAfter(timeout < s_longestTimer ? timeout : s_longestTimer);
            }
        }
    }

    public CancellationToken Token { get; }

    /// <summary>The time allowed for the whole call, or null.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>What is left of it: what the server is to be told.</summary>
    public TimeSpan? Remaining => Timeout - Stopwatch.GetElapsedTime(_started);

    /// <summary>Waits before another attempt; an end meanwhile is explained by why the last attempt failed.</summary>
    public async Task DelayAsync(TimeSpan delay, Exception lastFailure)
    {
        try
        {
            await Task.Delay(delay, Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(lastFailure.Message, lastFailure, Token);
        }
    }

    /// <summary>Lets the token of a single read or write end the call, for as long as that lasts.</summary>
    public CancellationTokenRegistration Link(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static (lifetime, token) => ((CallLifetime)lifetime!).Cancel(token), this);

    /// <summary>Ends the call for a token that fired, or for whoever holds the call.</summary>
    public void Cancel(CancellationToken cancelledBy = default)
    {
        Interlocked.CompareExchange(ref _cancelledBy, cancelledBy, null);
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Whoever disposed it meanwhile cancelled it first.
        }
    }

    /// <summary>What to throw for an exception met in a call: why this side ended it, else what the exception says.</summary>
    public Exception Explain(Exception exception)
    {
        if (exception is RpcException { StatusCode: not StatusCode.Cancelled })
        {
            return exception;
        }

        var token = _caller.IsCancellationRequested ? _caller : _cancelledBy as CancellationToken?;
        if (token is { IsCancellationRequested: true })
        {
            return new OperationCanceledException("The call was cancelled.", exception, token.Value);
        }

        if (_channel.IsCancellationRequested)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "The channel was closed."), exception);
        }

        if (token is not null)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "The call was disposed."), exception);
        }

        var failure = exception as RpcException ?? TransportFailure.ToRpcException(exception);

        // A server that keeps the same deadline may reset the stream just before this side's timer fires.
        return Token.IsCancellationRequested || (failure.StatusCode == StatusCode.Cancelled && Remaining <= TimeSpan.Zero)
            ? new RpcException(new Status(StatusCode.DeadlineExceeded, $"The call took longer than {Timeout}."), exception)
            : failure;
    }

    public void Dispose()
    {
        Cancel();
        _source.Dispose();
    }
}
