namespace Containerd.PowerShell.Pipeline;

/// <summary>
/// Carries what asynchronous work produces to the pipeline's thread, which alone may write. The queue is bounded: a slow
/// reader downstream slows the work down. It is emptied as a whole, so that neither side waits for the other at each object.
/// </summary>
internal sealed class PipelinePump
{
    // Small, as a line of output may have a mebibyte.
    private const int Capacity = 32;

    private readonly object _lock = new();
    private readonly Action<object?> _writeObject;
    private List<Item> _queue = new(Capacity);
    private List<Item> _served = new(Capacity);
    private TaskCompletionSource? _room;
    private bool _completed;

    public PipelinePump(Action<object?> writeObject) => _writeObject = writeObject;

    /// <summary>From the work: hands an object to the pipeline.</summary>
    public ValueTask WriteAsync(object? value, CancellationToken cancellationToken) =>
        AddAsync(new Item(value, null), cancellationToken);

    /// <summary>From the work: has the pipeline's thread do something and gives its result.</summary>
    public async Task<T> InvokeAsync<T>(Func<T> function, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await AddAsync(new Item(null, () => Complete(function, result)), cancellationToken).ConfigureAwait(false);
        return await result.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// On the pipeline's thread: starts the work, serves it until it has ended and returns it. When serving throws, as it
    /// does when a downstream command wants no more, the work is cancelled and joined before the exception goes on.
    /// </summary>
    public Task Run(Func<CancellationToken, Task> work, CancellationToken stop)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task running = Task.Run(() => RunToEndAsync(work, cancel.Token), CancellationToken.None);
        bool served = false;
        try
        {
            Serve();
            served = true;
        }
        finally
        {
            if (!served)
            {
                cancel.Cancel();
                Join(running);
            }
        }

        return running;
    }

    private static void Complete<T>(Func<T> function, TaskCompletionSource<T> result)
    {
        try
        {
            result.SetResult(function());
        }
        catch (Exception e)
        {
            result.TrySetException(e);
            throw;
        }
    }

    private static void Join(Task running) =>
        running.ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
            .GetAwaiter().GetResult();

    private async Task RunToEndAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _completed = true;
                Monitor.Pulse(_lock);
            }
        }
    }

    private ValueTask AddAsync(Item item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryAdd(item, out Task? room) ? ValueTask.CompletedTask : new ValueTask(AddLaterAsync(item, room, cancellationToken));
    }

    private async Task AddLaterAsync(Item item, Task? room, CancellationToken cancellationToken)
    {
        do
        {
            await room!.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!TryAdd(item, out room));
    }

    private bool TryAdd(Item item, out Task? room)
    {
        lock (_lock)
        {
            if (_queue.Count >= Capacity)
            {
                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                return false;
            }

            _queue.Add(item);
            Monitor.Pulse(_lock);
            room = null;
            return true;
        }
    }

    private void Serve()
    {
        while (TryTakeAll(out List<Item> items))
        {
            foreach (Item item in items)
            {
                if (item.Action is null)
                {
                    _writeObject(item.Value);
                }
                else
                {
                    item.Action();
                }
            }
        }
    }

    /// <summary>Waits for what the work produces; false when the work has ended and all is taken.</summary>
    private bool TryTakeAll(out List<Item> items)
    {
        lock (_lock)
        {
            while (_queue.Count == 0 && !_completed)
            {
                Monitor.Wait(_lock);
            }

            items = _queue;
            _served.Clear();
            (_queue, _served) = (_served, items);
            _room?.SetResult();
            _room = null;
            return items.Count > 0;
        }
    }

    private readonly record struct Item(object? Value, Action? Action);
}
