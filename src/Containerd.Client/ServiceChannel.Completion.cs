using Containerd.Client.Grpc;
using Google.Protobuf;

namespace Containerd.Client;

internal sealed partial record ServiceChannel
{
    // Enough for a loaded host; moby gives the clean-up of a failed exec as much.
    public static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(45);

    // A call that was cancelled, a clean-up and the end of a lease may follow each other, and a person who pressed Ctrl+C
    // waits for them all, two seconds at most: how long a caller that has cancelled stays for a call that makes something, and
    // for what is taken back or removed.
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan s_stay = TimeSpan.FromMilliseconds(550);

    // How often it is looked whether the daemon still answers.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    private static readonly CancellationToken s_left = new(canceled: true);

    /// <summary>How long the daemon may take to say that it still answers; within what is stayed.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The same for taking back: its calls have time of their own, however little the caller gave to what failed.</summary>
    public ServiceChannel ForCleanUp => this with { Timeout = CleanUpTimeout };

    /// <summary>
    /// A call that makes or starts something, and is never left in the middle: a daemon that is left there forgets what it has
    /// begun and keeps a directory of it, which is in the way from then on. A caller that cancels stays for a moment.
    /// </summary>
    /// <param name="method">The RPC.</param>
    /// <param name="request">What is sent.</param>
    /// <param name="resource">What it is about.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="takeBack">
    /// Removes what was made, or may have been, for a caller that has cancelled or got no answer. Without it the caller looks
    /// at its token afterwards.
    /// </param>
    public async Task<TResponse> CallToEndAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        TRequest request,
        Resource resource,
        CancellationToken cancellationToken,
        Func<CancellationToken, Task>? takeBack = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        cancellationToken.ThrowIfCancellationRequested();
        TResponse? response = null;
        await CompleteAsync(CallAsync, resource, cancellationToken, s_grace).ConfigureAwait(false);
        return response!;

        async Task CallAsync(CancellationToken late)
        {
            try
            {
                response = await this.CallAsync(method, request, resource, late, Timeout + s_grace).ConfigureAwait(false);
                if (takeBack is not null)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
            catch (Exception e) when (takeBack is not null && e.MayHaveHappened())
            {
                // Whoever got no answer in time does not wait for another one.
                await CleanUpAsync(takeBack, resource, s_left).ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Takes back what was made, also when the caller has cancelled. What failed first is what is reported, not this.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="resource">What is taken back.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task CleanUpAsync(Func<CancellationToken, Task> work, Resource resource, CancellationToken cancellationToken)
    {
        try
        {
            await CompleteAsync(work, resource, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // The daemon went away, or a shim hangs: nothing more can be done from here.
        }
    }

    /// <summary>
    /// Does something that is not to be left half done. A caller that has cancelled stays while the daemon answers; then it
    /// leaves, and the work goes on without it, for <see cref="CleanUpTimeout"/> at most since the cancellation.
    /// </summary>
    /// <param name="work">What to do.</param>
    /// <param name="resource">What it is about: see <see cref="SettledAsync"/>.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="stay">How long the caller stays at most after the cancellation; null for half a second.</param>
    /// <param name="whole">Whether breaking it off does damage: then it has no limit but its own, and the end of the process waits for it.</param>
    /// <exception cref="OperationCanceledException">The caller has left it.</exception>
    public async Task CompleteAsync(
        Func<CancellationToken, Task> work, Resource resource, CancellationToken cancellationToken, TimeSpan? stay = null, bool whole = false)
    {
        Task working = whole ? work(CancellationToken.None) : WorkAsync(work, cancellationToken);
        await working.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!working.IsCompleted)
        {
            using var over = new CancellationTokenSource(stay ?? s_stay);
            while (!await EndsWithinAsync(working, s_patience, over.Token).ConfigureAwait(false))
            {
                Task<bool> answers = AnswersAsync();
                if (!await EndsWithinAsync(answers, Silence, over.Token).ConfigureAwait(false) || !await answers.ConfigureAwait(false))
                {
                    // The end of a process does not wait for a daemon that is silent.
                    bool lasting = whole && over.IsCancellationRequested;
                    UnfinishedWork.Add(Address, Namespace, resource, working, lasting);
                    if (LeaseId is not null)
                    {
                        UnfinishedWork.Add(Address, Namespace, Resource.UnderLease(LeaseId), working, lasting);
                    }

                    throw new OperationCanceledException(cancellationToken);
                }
            }
        }

        await working.ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for what callers that have cancelled left unfinished: whoever is about to make the same thing again would find
    /// it half made or half removed.
    /// </summary>
    /// <exception cref="CtrException">DeadlineExceeded where it is not finished within <see cref="Timeout"/>.</exception>
    public async Task SettledAsync(Resource resource, CancellationToken cancellationToken)
    {
        try
        {
            await UnfinishedWork.SettledAsync(Address, Namespace, resource, Timeout ?? NoTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded,
                $"{resource.Kind}Unfinished",
                $"{resource.Kind} '{resource.Id}': what a cancelled command has begun is not finished yet.",
                resource.Id,
                "Try again in a minute. The daemon, or the task's shim, is slow to answer.",
                e);
        }
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

    private static async Task WorkAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource();
        using CancellationTokenRegistration cancelled = cancellationToken.UnsafeRegister(_ => end.CancelAfter(CleanUpTimeout), null);
        await work(end.Token).ConfigureAwait(false);
    }

    /// <summary>Waits for a task, for a while and no longer than somebody stays; whether it has ended.</summary>
    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan time, CancellationToken over)
    {
        await task.WaitAsync(time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompleted;
    }

    private Task<bool> AnswersAsync() => new IntrospectionClient(this with { Timeout = Silence }).IsServingAsync(CancellationToken.None);
}
