using Containerd.Client.Grpc;
using Google.Protobuf;

namespace Containerd.Client;

internal sealed partial record ServiceChannel
{
    // Enough for a loaded host; moby gives the clean-up of a failed exec as much.
    public static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(45);

    // A call that was cancelled, a clean-up and the end of a lease may follow each other, and a person who pressed Ctrl+C
    // waits for them all: a daemon that is silent costs the sum of these two each time.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_silence = TimeSpan.FromMilliseconds(400);

    // How long a call that makes something goes on when its caller has cancelled.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    /// <summary>The same for taking back: its calls have time of their own, however little the caller gave to what failed.</summary>
    public ServiceChannel ForCleanUp => this with { Timeout = CleanUpTimeout };

    /// <summary>
    /// A call that makes or starts something. When its caller cancels, or its time is over, it is given a moment to finish,
    /// so that what it made is known and can be taken back; the caller looks at its token afterwards. A daemon that is left
    /// in the middle forgets what it has begun and keeps a directory of it, which is in the way from then on.
    /// </summary>
    /// <param name="method">The RPC.</param>
    /// <param name="request">What is sent.</param>
    /// <param name="resource">What it is about.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="limit">How long the moment is at most; null for a second.</param>
    public async Task<TResponse> CallToEndAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        TRequest request,
        Resource resource,
        CancellationToken cancellationToken,
        TimeSpan? limit = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        cancellationToken.ThrowIfCancellationRequested();
        TResponse? response = null;
        await CompleteAsync(
            async late => response = await CallAsync(method, request, resource, late, Timeout + s_grace).ConfigureAwait(false),
            limit ?? s_grace,
            cancellationToken).ConfigureAwait(false);
        return response!;
    }

    /// <summary>Takes back what was made, also when the caller has cancelled. What failed first is what is reported, not this.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task CleanUpAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await CompleteAsync(work, CleanUpTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // The daemon went away, or a shim hangs: nothing more can be done from here.
        }
    }

    /// <summary>
    /// Does something that is not to be left half done. Once its caller has cancelled it has its own time, which a daemon
    /// that answers gets and one that is silent does not.
    /// </summary>
    /// <param name="work">What to do.</param>
    /// <param name="limit">How long it may go on after the cancellation.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task CompleteAsync(Func<CancellationToken, Task> work, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource();
        Task working = work(end.Token);
        await working.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!working.IsCompleted)
        {
            end.CancelAfter(limit);
            while (await Task.WhenAny(working, Task.Delay(s_patience, CancellationToken.None)).ConfigureAwait(false) != working)
            {
                if (!await AnswersAsync().ConfigureAwait(false))
                {
                    await end.CancelAsync().ConfigureAwait(false);
                    break;
                }
            }
        }

        await working.ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for work that takes the daemon as long as it takes, such as unpacking a layer. Each time that
    /// <see cref="Timeout"/> is over, the daemon is asked whether it serves, and has as long to answer.
    /// </summary>
    /// <param name="work">What to wait for.</param>
    /// <param name="resource">What it is about.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="CtrException">DeadlineExceeded where the daemon has fallen silent.</exception>
    public async Task<T> WhileServingAsync<T>(
        Func<CancellationToken, Task<T>> work, Resource resource, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<T> working = work(end.Token);
        while (true)
        {
            await ((Task)working).WaitAsync(Timeout ?? NoTimeout, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (working.IsCompleted)
            {
                break;
            }

            if (!await new IntrospectionClient(this).IsServingAsync(end.Token).ConfigureAwait(false))
            {
                await end.CancelAsync().ConfigureAwait(false);
                break;
            }
        }

        try
        {
            return await working.ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var silence = new RpcException(new Grpc.Status(StatusCode.DeadlineExceeded, "It has fallen silent."), e);
            throw Translate(silence, resource, cancellationToken);
        }
    }

    private Task<bool> AnswersAsync() => new IntrospectionClient(this with { Timeout = s_silence }).IsServingAsync(CancellationToken.None);
}
