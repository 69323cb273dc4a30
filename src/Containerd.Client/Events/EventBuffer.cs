namespace Containerd.Client;

/// <summary>
/// What waits for the reader of a subscription. It is bounded: when it is full, events are dropped until the reader has
/// taken all that wait, and a <see cref="CtrEventGap"/> stands where they are missing. That the stream was lost is never
/// dropped: it is told behind that gap, several times as one.
/// </summary>
internal sealed class EventBuffer(int capacity, string @namespace, string address)
{
    private readonly object _lock = new();
    private readonly Queue<CtrEvent> _queue = new();
    private long _lost;
    private DateTimeOffset _lostSince;
    private CtrEventGap? _streamLost;
    private bool _completed;
    private Exception? _failure;
    private TaskCompletionSource? _waiting;

    public void Add(CtrEvent value)
    {
        lock (_lock)
        {
            if (_completed)
            {
                return;
            }

            if (_lost == 0 && _streamLost is null && _queue.Count < capacity)
            {
                _queue.Enqueue(value);
            }
            else if (value is CtrEventGap gap)
            {
                _streamLost = gap with { Since = _streamLost?.Since ?? gap.Since };
            }
            else if (_lost++ == 0)
            {
                _lostSince = value.Timestamp;
            }

            Wake();
        }
    }

    /// <summary>Nothing more comes. What waits can still be taken; then the failure is raised, if there is one.</summary>
    public void Complete(Exception? failure)
    {
        lock (_lock)
        {
            _completed = true;
            _failure ??= failure;
            Wake();
        }
    }

    /// <summary>The next event; null at the end.</summary>
    public async ValueTask<CtrEvent?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task more;
            lock (_lock)
            {
                if (_queue.TryDequeue(out CtrEvent? value))
                {
                    return value;
                }

                if (_lost > 0)
                {
                    return TakeGap();
                }

                if (_streamLost is { } gap)
                {
                    _streamLost = null;
                    return gap;
                }

                if (_completed)
                {
                    return _failure is null ? null : throw _failure;
                }

                more = (_waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await more.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private CtrEventGap TakeGap()
    {
        var gap = new CtrEventGap
        {
            Reason = CtrEventGapReason.ReaderTooSlow,
            Since = _lostSince,
            LostCount = _lost,
            Timestamp = DateTimeOffset.UtcNow,
            Namespace = @namespace,
            Address = address,
        };
        _lost = 0;
        return gap;
    }

    private void Wake()
    {
        _waiting?.SetResult();
        _waiting = null;
    }
}
