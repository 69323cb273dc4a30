using System.Collections.Concurrent;

namespace Containerd.Client;

/// <summary>What goes on in this process after its callers have left, by what it is about.</summary>
internal static class UnfinishedWork
{
    // Of all clients of the process: the next call may come from another one.
    private static readonly ConcurrentDictionary<(string Address, string Namespace, Resource), Task> s_left = new();

    // Those of them that do damage where they are broken off.
    private static readonly ConcurrentDictionary<Task, bool> s_whole = new();

    // What a script that was stopped had begun is taken back before its process is gone, where the daemon is not hung.
    private static readonly TimeSpan s_exit = TimeSpan.FromSeconds(3);

    static UnfinishedWork() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        Task.WaitAny([Task.WhenAll(s_whole.Keys)], ServiceChannel.CleanUpTimeout);
        SettledAsync().Wait(s_exit);
    };

    /// <summary>Takes over what its caller has left. It ends by itself; how it ends is nobody's concern any more.</summary>
    /// <param name="address">The daemon's.</param>
    /// <param name="namespace">containerd's namespace.</param>
    /// <param name="resource">What it is about.</param>
    /// <param name="work">What goes on.</param>
    /// <param name="whole">Whether breaking it off does damage: the end of the process waits longer for it.</param>
    public static void Add(ContainerdAddress address, string @namespace, Resource resource, Task work, bool whole)
    {
        if (whole)
        {
            s_whole[work] = true;
        }

        (string, string, Resource) key = (address.ToString(), @namespace, resource);
        Task all = s_left.AddOrUpdate(key, work, (_, earlier) => Task.WhenAll(earlier, work));
        _ = ForgetAsync();

        async Task ForgetAsync()
        {
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            s_left.TryRemove(new(key, all));
            s_whole.TryRemove(work, out _);
        }
    }

    /// <summary>Waits until nothing is left unfinished about a resource.</summary>
    /// <exception cref="TimeoutException">It is not finished in time.</exception>
    public static async Task SettledAsync(
        ContainerdAddress address, string @namespace, Resource resource, TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (s_left.TryGetValue((address.ToString(), @namespace, resource), out Task? left) && !left.IsCompleted)
        {
            // However the work ends.
            Task ended = left.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            await ended.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until nothing is left unfinished at a daemon, or at any.</summary>
    public static async Task SettledAsync(ContainerdAddress? address = null)
    {
        string? text = address?.ToString();
        while (s_left.FirstOrDefault(pair => (text is null || pair.Key.Address == text) && !pair.Value.IsCompleted).Value is { } left)
        {
            await left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
