namespace Containerd.Client;

/// <summary>
/// Lets few execs of one container start at a time. A shim starts them one after the other anyway; but while starts queue
/// up in it, the shim of containerd 1.6 leaves exits unread, and once 32 of them wait it takes a second for each: fifty
/// short execs at once did not end within a minute. Waiting here costs nothing that waiting there would not.
/// </summary>
internal static class ExecGate
{
    private const int StartsAtATime = 2;

    private static readonly Dictionary<(string Address, string Namespace, string Id), (SemaphoreSlim Turns, int Users)> s_gates = [];

    /// <summary>Waits for a turn; disposing it gives it on.</summary>
    public static async Task<IDisposable> EnterAsync(ServiceChannel services, string containerId, CancellationToken cancellationToken)
    {
        var key = (services.Address.ToString(), services.Namespace, containerId);
        SemaphoreSlim turns;
        lock (s_gates)
        {
            (turns, int users) = s_gates.TryGetValue(key, out var gate) ? gate : (new SemaphoreSlim(StartsAtATime), 0);
            s_gates[key] = (turns, users + 1);
        }

        try
        {
            await turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(key);
            throw;
        }

        return new Turn(key, turns);
    }

    // The last one takes the gate away, so that containers that are gone leave none.
    private static void Leave((string Address, string Namespace, string Id) key)
    {
        lock (s_gates)
        {
            (SemaphoreSlim turns, int users) = s_gates[key];
            if (users == 1)
            {
                s_gates.Remove(key);
                turns.Dispose();
            }
            else
            {
                s_gates[key] = (turns, users - 1);
            }
        }
    }

    private sealed class Turn((string Address, string Namespace, string Id) key, SemaphoreSlim turns) : IDisposable
    {
        public void Dispose()
        {
            turns.Release();
            Leave(key);
        }
    }
}
