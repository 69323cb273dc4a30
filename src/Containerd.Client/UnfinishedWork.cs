using System.Collections.Concurrent;

namespace Containerd.Client;

/// <summary>What goes on after its callers have left, by what it is about.</summary>
internal sealed class UnfinishedWork
{
    private readonly ConcurrentDictionary<(string Namespace, Resource), Task> _left = new();

    /// <summary>Takes over what its caller has left. It ends by itself; how it ends is nobody's concern any more.</summary>
    public void Add(string @namespace, Resource resource, Task work)
    {
        (string, Resource) key = (@namespace, resource);
        Task all = _left.AddOrUpdate(key, work, (_, earlier) => Task.WhenAll(earlier, work));
        _ = ForgetAsync();

        async Task ForgetAsync()
        {
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _left.TryRemove(new(key, all));
        }
    }

    /// <summary>Waits until nothing is left unfinished about a resource.</summary>
    public async Task SettledAsync(string @namespace, Resource resource, CancellationToken cancellationToken)
    {
        while (_left.TryGetValue((@namespace, resource), out Task? left) && !left.IsCompleted)
        {
            await left.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
