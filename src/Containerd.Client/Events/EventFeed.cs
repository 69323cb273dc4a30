using Containerd.Protocol.Events;

namespace Containerd.Client;

/// <summary>
/// The events of a subscription, as they come. It outlives the daemon: when the stream is lost it waits until the daemon
/// serves again, subscribes anew and reports what happened to containers and tasks meanwhile. One reader at a time.
/// </summary>
public sealed class EventFeed : IAsyncEnumerable<CtrEvent>, IAsyncDisposable
{
    private static readonly TimeSpan s_healthTimeout = TimeSpan.FromSeconds(5);

    private readonly ContainerdClient _client;
    private readonly EventClient _events;
    private readonly EventFilter _filter;
    private readonly EventBuffer _buffer;
    private readonly EventTracker? _tracker;
    private readonly EventSubscription _subscription;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _live = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private DateTimeOffset? _lostAt;
    private int _attempt;

    private EventFeed(ContainerdClient client, EventClient events, EventSubscription subscription)
    {
        _client = client;
        _events = events;
        _subscription = subscription;
        _filter = new EventFilter(subscription, client.Namespace);
        _buffer = new EventBuffer(subscription.BufferSize, client.Namespace, client.Address.ToString());
        _tracker = _filter.Tracks ? new EventTracker(client.Address.ToString()) : null;
    }

    internal static async Task<EventFeed> OpenAsync(
        ContainerdClient client, EventClient events, EventSubscription subscription, CancellationToken cancellationToken)
    {
        var stream = new EventFeed(client, events, subscription);
        stream._running = stream.RunAsync(stream._end.Token);
        try
        {
            await stream._live.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The events, until the stream is disposed or the connection closed.</summary>
    /// <param name="cancellationToken">Ends the reading; the stream goes on.</param>
    /// <exception cref="CtrException">Unavailable when the connection was closed on this side.</exception>
    public async IAsyncEnumerator<CtrEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await _buffer.TakeAsync(cancellationToken).ConfigureAwait(false) is { } value)
        {
            yield return value;
        }
    }

    /// <summary>
    /// Handles the events, until the stream is disposed or the connection closed: those of one container one after the other,
    /// those of different ones side by side, and likewise for images, content and so on. It takes the place of the reader.
    /// </summary>
    /// <remarks>
    /// As many events as <see cref="EventSubscription.BufferSize"/> are being handled or wait for their turn. Then no more are
    /// taken, and those that come wait in the buffer, of the same size: beyond it a <see cref="CtrEventGap"/> counts what was
    /// dropped. A handler that hangs so holds up its own container, and others only when all room is taken.
    /// </remarks>
    /// <param name="handle">Handles an event. Its token ends it; it is waited for, however this ends.</param>
    /// <param name="failed">Is told of each event whose handler failed, and why; the next one comes all the same. May be called by several threads at a time. What it raises ends all.</param>
    /// <param name="cancellationToken">Ends the handling; the stream goes on.</param>
    /// <exception cref="CtrException">Unavailable when the connection was closed on this side.</exception>
    public async Task ForEachAsync(
        Func<CtrEvent, CancellationToken, Task> handle, Action<CtrEvent, Exception> failed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handle);
        ArgumentNullException.ThrowIfNull(failed);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var lines = new EventLines(handle, failed, _subscription.BufferSize, end);
        try
        {
            await foreach (CtrEvent value in this.WithCancellation(end.Token).ConfigureAwait(false))
            {
                await lines.AddAsync(value).ConfigureAwait(false);
            }
        }
        finally
        {
            await lines.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the subscription.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_end.IsCancellationRequested)
        {
            await _end.CancelAsync().ConfigureAwait(false);
            await _running.ConfigureAwait(false);
            _end.Dispose();
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            while (true)
            {
                await ListenAsync(cancellationToken).ConfigureAwait(false);
                _lostAt ??= DateTimeOffset.UtcNow;
                _tracker?.StreamLost();
                await WaitUntilServingAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It was disposed.
        }
        catch (Exception e)
        {
            failure = e;
        }

        _buffer.Complete(failure);
        _live.TrySetException(failure ?? new OperationCanceledException(cancellationToken));
        _ = _live.Task.Exception;
    }

    /// <summary>One subscription, until it is lost. Before the first one was live, a loss is an error.</summary>
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var preparation = new EventPreparation(_client, _events.Timeout, _subscription.AllNamespaces, _tracker, end);
        Exception? cause = null;
        try
        {
            await ReceiveAsync(preparation, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            cause = e;
        }
        catch (CtrException e)
        {
            cause = e;
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            cause = await preparation.EndAsync().ConfigureAwait(false) ?? cause;
        }

        cancellationToken.ThrowIfCancellationRequested();
        _events.ThrowIfClosed(cause);
        if (cause is CtrException error && (!_live.Task.IsCompleted || error.Kind is CtrErrorKind.InvalidArgument or CtrErrorKind.Unimplemented))
        {
            throw error;
        }

        if (!_live.Task.IsCompleted)
        {
            throw new CtrException(
                CtrErrorKind.Unavailable,
                "DaemonUnavailable",
                $"The daemon at {_client.Address} ended the stream of events before it began.",
                _client.Address.ToString(),
                "Check that containerd runs and that -Address names its socket.",
                cause);
        }
    }

    private async Task ReceiveAsync(EventPreparation preparation, CancellationToken cancellationToken)
    {
        preparation.Start();
        await foreach (Envelope envelope in _events.ReceiveAsync(_filter.ForDaemon(preparation.Topic), cancellationToken).ConfigureAwait(false))
        {
            ReportLoss();
            if (envelope.Topic == preparation.Begin)
            {
                preparation.Continue(envelope);
            }
            else if (envelope.Topic == preparation.End)
            {
                preparation.Complete();
                await CompareAsync(preparation).ConfigureAwait(false);
                _attempt = 0;
                _live.TrySetResult();
            }
            else
            {
                Report(EventRecords.Read(envelope, _client.Address.ToString()));
            }
        }
    }

    private async Task CompareAsync(EventPreparation preparation)
    {
        if (_tracker is not null)
        {
            foreach (CtrEvent missed in _tracker.Compare(await preparation.Observation.ConfigureAwait(false)))
            {
                Add(missed);
            }
        }
    }

    private void Report(CtrEvent value)
    {
        if (_tracker is null)
        {
            _buffer.Add(value);
            return;
        }

        foreach (CtrEvent tracked in _tracker.Receive(value))
        {
            Add(tracked);
        }
    }

    private void Add(CtrEvent value)
    {
        if (_filter.Wants(value.Topic))
        {
            _buffer.Add(value);
        }
    }

    private void ReportLoss()
    {
        if (_lostAt is { } since)
        {
            _lostAt = null;
            _buffer.Add(new CtrEventGap
            {
                Reason = CtrEventGapReason.StreamLost,
                Since = since,
                Timestamp = DateTimeOffset.UtcNow,
                Namespace = _client.Namespace,
                Address = _client.Address.ToString(),
            });
        }
    }

    private async Task WaitUntilServingAsync(CancellationToken cancellationToken)
    {
        IntrospectionClient introspection = _client.WithTimeout(s_healthTimeout).Introspection;
        do
        {
            await Task.Delay(BackOff.Delay(_attempt++), cancellationToken).ConfigureAwait(false);
            _events.ThrowIfClosed(null);
        }
        while (!await introspection.IsServingAsync(cancellationToken).ConfigureAwait(false));
    }
}
