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

    /// <summary>
    /// From the work: hands over all objects of a source, those that are there already together, and none later than it
    /// came: nothing waits here while the source does.
    /// </summary>
    public async Task WriteAllAsync<T>(IAsyncEnumerable<T> source, CancellationToken cancellationToken)
    {
        var batch = new Item[Capacity];
        int count = 0;
        IAsyncEnumerator<T> objects = source.GetAsyncEnumerator(cancellationToken);
        await using (objects.ConfigureAwait(false))
        {
            while (true)
            {
                Task<bool> next = objects.MoveNextAsync().AsTask();
                if (count == Capacity || (count > 0 && !next.IsCompletedSuccessfully))
                {
                    // Both are waited for: an enumerator that is on its way may not be disposed.
                    await Task.WhenAll(AddLaterAsync(batch.AsMemory(0, count), null, cancellationToken), next).ConfigureAwait(false);
                    count = 0;
                }

                if (!await next.ConfigureAwait(false))
                {
                    break;
                }

                batch[count++] = new Item(objects.Current, null);
            }

            await AddLaterAsync(batch.AsMemory(0, count), null, cancellationToken).ConfigureAwait(false);
        }
    }

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
        return Add([item], out Task? room) == 1 ? ValueTask.CompletedTask : new ValueTask(AddLaterAsync(new[] { item }, room, cancellationToken));
    }

    private async Task AddLaterAsync(ReadOnlyMemory<Item> items, Task? room, CancellationToken cancellationToken)
    {
        while (!items.IsEmpty)
        {
            if (room is not null)
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            items = items[Add(items.Span, out room)..];
        }
    }

    /// <summary>Adds what there is room for and tells how many that were; and when there will be room for the others.</summary>
    private int Add(ReadOnlySpan<Item> items, out Task? room)
    {
        lock (_lock)
        {
            int count = Math.Min(items.Length, Capacity - _queue.Count);
            if (count > 0)
            {
                _queue.AddRange(items[..count]);
                Monitor.Pulse(_lock);
            }

            room = count == items.Length
                ? null
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return count;
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
