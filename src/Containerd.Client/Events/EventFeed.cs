using Containerd.Protocol.Events;

namespace Containerd.Client;

/// <summary>
/// The events of a subscription, as they come. It outlives the daemon: when the stream is lost it waits until the daemon
/// serves again, subscribes anew and reports what happened to containers and tasks meanwhile. One reader at a time.
/// </summary>
public sealed class EventFeed : IAsyncEnumerable<CtrEvent>, IAsyncDisposable
{
    private const string Begin = "/begin";
    private const string End = "/end";

    // Of a message that says nothing.
    private const string EmptyType = "google.protobuf.Empty";

    private static readonly TimeSpan s_markInterval = TimeSpan.FromMilliseconds(100);
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
        var preparation = new Preparation(this, end);
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

    private async Task ReceiveAsync(Preparation preparation, CancellationToken cancellationToken)
    {
        preparation.Start();
        await foreach (Envelope envelope in _events.ReceiveAsync(_filter.ForDaemon(preparation.Topic), cancellationToken).ConfigureAwait(false))
        {
            ReportLoss();
            if (envelope.Topic == preparation.Topic + Begin)
            {
                preparation.Continue(envelope);
            }
            else if (envelope.Topic == preparation.Topic + End)
            {
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

    private async Task CompareAsync(Preparation preparation)
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

    /// <summary>
    /// What goes on beside a new subscription until it is known to hold and what there is has been looked at: a mark is
    /// published until it comes back, then containers and tasks are listed, then a second mark tells that what happened
    /// before the list has come.
    /// </summary>
    private sealed class Preparation(EventFeed stream, CancellationTokenSource end)
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<DaemonObservation> _observation = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private IReadOnlyList<(string Namespace, string Id, string ExecId)> _execs = [];
        private Task _work = Task.CompletedTask;

        public string Topic { get; } = $"/containerd-powershell/{Guid.NewGuid():N}";

        public Task<DaemonObservation> Observation => _observation.Task;

        public void Start() => _work = RunAsync(end.Token);

        public void Continue(Envelope mark)
        {
            if (!_begun.Task.IsCompleted)
            {
                stream._tracker?.StreamBegan(mark.Timestamp?.ToDateTimeOffset() ?? DateTimeOffset.UtcNow);
                _execs = stream._tracker?.LiveExecs() ?? [];
                _begun.SetResult();
            }
        }

        /// <summary>Waits for the end of the work; gives why it failed, if it did.</summary>
        public async Task<CtrException?> EndAsync()
        {
            try
            {
                await _work.ConfigureAwait(false);
                return null;
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            catch (CtrException e)
            {
                return e;
            }
        }

        private async Task RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                do
                {
                    await PublishAsync(Begin, cancellationToken).ConfigureAwait(false);
                    await Task.WhenAny(_begun.Task, Task.Delay(s_markInterval, cancellationToken)).ConfigureAwait(false);
                    cancellationToken.ThrowIfCancellationRequested();
                }
                while (!_begun.Task.IsCompleted);

                if (stream._tracker is not null)
                {
                    _observation.SetResult(await DaemonObservation.TakeAsync(
                        stream._client, stream._subscription.AllNamespaces, _execs, cancellationToken).ConfigureAwait(false));
                }

                await PublishAsync(End, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await end.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        private Task PublishAsync(string phase, CancellationToken cancellationToken) =>
            stream._events.PublishAsync(Topic + phase, EmptyType, ReadOnlyMemory<byte>.Empty, cancellationToken);
    }
}
