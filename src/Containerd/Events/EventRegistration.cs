using Containerd.Client;

namespace Containerd.PowerShell.Events;

/// <summary>The subscription behind Register-CtrEvent: it has a connection of its own, and lives until it is disposed.</summary>
internal sealed class EventRegistration(ContainerdClient connection) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private EventFeed? _feed;
    private Task _running = Task.CompletedTask;
    private int _disposed;

    public async Task SubscribeAsync(Func<ContainerdClient, CancellationToken, Task<EventFeed>> subscribe, CancellationToken cancellationToken) =>
        _feed = await subscribe(connection, cancellationToken).ConfigureAwait(false);

    /// <summary>Hands the events over, one after the other, on a thread of the pool; last a gap with the error, where the feed fails.</summary>
    public void Start(Func<CtrEvent, CancellationToken, Task> raise) => _running = Task.Run(() => RunAsync(raise, _stop.Token));

    /// <summary>Ends it, soon; on whichever thread the registration is ended, nothing is waited for.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _stop.Cancel();
            _ = CloseAsync();
        }
    }

    private async Task RunAsync(Func<CtrEvent, CancellationToken, Task> raise, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (CtrEvent value in _feed!.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await raise(value, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Nobody waits for this, and without it the registration would look as if nothing happened any more.
            DateTimeOffset now = DateTimeOffset.UtcNow;
            var end = new CtrEventGap
            {
                Reason = CtrEventGapReason.SubscriptionFailed,
                Since = now,
                Error = e,
                Timestamp = now,
                Namespace = connection.Namespace,
                Address = connection.Address.ToString(),
            };
            await raise(end, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CloseAsync()
    {
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_feed is not null)
        {
            await _feed.DisposeAsync().ConfigureAwait(false);
        }

        connection.Dispose();
        _stop.Dispose();
    }
}
