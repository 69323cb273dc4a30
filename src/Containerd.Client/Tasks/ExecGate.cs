namespace Containerd.Client;

/// <summary>
/// Lets few execs of one container start at a time. A shim starts them one after the other anyway; but while starts queue
/// up in it, the shim of containerd 1.6 leaves exits unread, and once 32 of them wait it takes a second for each: fifty
/// short execs at once did not end within a minute. Waiting here costs nothing that waiting there would not.
/// </summary>
internal static class ExecGate
{
    private const int StartsAtATime = 2;

    // Containers share a gate when their hashes meet, which costs them a little time and nothing else.
    private static readonly SemaphoreSlim[] s_gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(StartsAtATime))];

    /// <summary>Waits for a turn; <see cref="SemaphoreSlim.Release()"/> gives it on.</summary>
    public static async Task<SemaphoreSlim> EnterAsync(ServiceChannel services, string containerId, CancellationToken cancellationToken)
    {
        int hash = HashCode.Combine(services.Address, services.Namespace, containerId);
        SemaphoreSlim gate = s_gates[(uint)hash % (uint)s_gates.Length];
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        return gate;
    }
}
