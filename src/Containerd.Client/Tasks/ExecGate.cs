namespace Containerd.Client;

/// <summary>
/// Lets few execs of one container start at a time. A shim starts them one after the other anyway; but while starts queue
/// up in it, the shim of containerd 1.6 leaves exits unread, and once 32 of them wait it takes a second for each: fifty
/// short execs at once did not end within a minute. Waiting here costs nothing that waiting there would not.
/// </summary>
internal static class ExecGate
{
    private const int StartsAtATime = 2;

    // A start is two calls, which may each take their time and a little more.
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<(string Address, string Namespace, string Id), Gate> s_gates = [];

    /// <summary>Starts an exec when it is its turn.</summary>
    /// <param name="services">The daemon and the namespace.</param>
    /// <param name="containerId">The container.</param>
    /// <param name="start">Starts it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CtrException">
    /// DeadlineExceeded where none of those before it was started or refused within twice <see cref="ServiceChannel.Timeout"/>, or what the
    /// start raises.
    /// </exception>
    public static async Task<T> PassAsync<T>(
        ServiceChannel services, string containerId, Func<Task<T>> start, CancellationToken cancellationToken)
    {
        var key = (services.Address.ToString(), services.Namespace, containerId);
        Gate gate = Enter(key);
        try
        {
            await WaitAsync(gate, services, containerId, cancellationToken).ConfigureAwait(false);
            try
            {
                T started = await start().ConfigureAwait(false);
                gate.Answered();
                return started;
            }
            catch (Exception e) when (!e.MayHaveHappened())
            {
                gate.Answered();
                throw;
            }
            finally
            {
                gate.Turns.Release();
            }
        }
        finally
        {
            Leave(key, gate);
        }
    }

    // However many are before it, it waits while they get answers. Those that get none tell that the shim hangs: if each of
    // the others tried for itself, the last would fail after as many limits as there are pairs before it.
    private static async Task WaitAsync(Gate gate, ServiceChannel services, string containerId, CancellationToken cancellationToken)
    {
        TimeSpan limit = services.Timeout is { } timeout && timeout != ServiceChannel.NoTimeout ? (timeout * 2) + s_margin : ServiceChannel.NoTimeout;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task turn = gate.Turns.WaitAsync(end.Token);
        int answers;
        do
        {
            answers = gate.Answers;
            await turn.WaitAsync(limit, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!turn.IsCompleted && gate.Answers != answers);

        try
        {
            // It may come just now, and is taken then.
            if (!turn.IsCompleted)
            {
                await end.CancelAsync().ConfigureAwait(false);
            }

            await turn.ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded,
                "TaskNotResponding",
                $"No exec was started in container '{containerId}' in namespace '{services.Namespace}' within {limit.TotalSeconds:0.###} s, "
                + "and this one waited for its turn: the task's shim does not answer.",
                containerId,
                "Look for the process containerd-shim-runc-v2 with this id: it may be stopped, or hang in the kernel. Killing it ends the task.",
                e);
        }
    }

    private static Gate Enter((string Address, string Namespace, string Id) key)
    {
        lock (s_gates)
        {
            if (!s_gates.TryGetValue(key, out Gate? gate))
            {
                s_gates[key] = gate = new Gate();
            }

            gate.Users++;
            return gate;
        }
    }

    // The last one takes the gate away, so that containers that are gone leave none.
    private static void Leave((string Address, string Namespace, string Id) key, Gate gate)
    {
        lock (s_gates)
        {
            if (--gate.Users == 0)
            {
                s_gates.Remove(key);
                gate.Turns.Dispose();
            }
        }
    }

    private sealed class Gate
    {
        private int _answers;

        public SemaphoreSlim Turns { get; } = new(StartsAtATime);

        /// <summary>Those inside and before it; under the lock of all gates.</summary>
        public int Users { get; set; }

        /// <summary>How many of those inside were started or refused.</summary>
        public int Answers => Volatile.Read(ref _answers);

        public void Answered() => Interlocked.Increment(ref _answers);
    }
}
