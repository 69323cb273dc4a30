namespace Containerd.PowerShell.Pipeline;

/// <summary>
/// Carries what asynchronous work produces to the pipeline's thread, which alone may write. The queue is bounded: a slow
/// reader downstream slows the work down. It is emptied as a whole, so that neither side waits for the other at each object.
/// </summary>
internal sealed class PipelinePump
{
    // In characters of output, as a line may have a mebibyte of them; anything else counts as so many.
    private const int Capacity = 512 * 1024;
    private const int BatchSize = Capacity / 2;
    private const int UsualWeight = 2048;
    private const int LineOverhead = 64;

    private readonly object _lock = new();
    private readonly Action<object?> _writeObject;
    private List<Item> _queue = [];
    private List<Item> _served = [];
    private int _weight;
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
        var batch = new List<Item>();
        int weight = 0;
        IAsyncEnumerator<T> objects = source.GetAsyncEnumerator(cancellationToken);
        await using (objects.ConfigureAwait(false))
        {
            while (true)
            {
                Task<bool> next = objects.MoveNextAsync().AsTask();
                if (weight >= BatchSize || (weight > 0 && !next.IsCompletedSuccessfully))
                {
                    // Both are waited for: an enumerator that is on its way may not be disposed.
                    await Task.WhenAll(AddLaterAsync(batch, 0, null, cancellationToken), next).ConfigureAwait(false);
                    batch.Clear();
                    weight = 0;
                }

                if (!await next.ConfigureAwait(false))
                {
                    break;
                }

                var item = new Item(objects.Current, null);
                batch.Add(item);
                weight += item.Weight;
            }

            await AddLaterAsync(batch, 0, null, cancellationToken).ConfigureAwait(false);
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
        Item[] items = [item];
        int count = Add(items, 0, out Task? room);
        return room is null ? ValueTask.CompletedTask : new ValueTask(AddLaterAsync(items, count, room, cancellationToken));
    }

    private async Task AddLaterAsync(IReadOnlyList<Item> items, int first, Task? room, CancellationToken cancellationToken)
    {
        while (first < items.Count)
        {
            if (room is not null)
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            first = Add(items, first, out room);
        }
    }

    /// <summary>Adds what there is room for and tells which is the first that is left; and when there will be room for it.</summary>
    private int Add(IReadOnlyList<Item> items, int first, out Task? room)
    {
        lock (_lock)
        {
            while (first < items.Count && _weight < Capacity)
            {
                _weight += items[first].Weight;
                _queue.Add(items[first++]);
            }

            Monitor.Pulse(_lock);
            room = first == items.Count
                ? null
                : (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return first;
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
            _weight = 0;
            _served.Clear();
            (_queue, _served) = (_served, items);
            _room?.SetResult();
            _room = null;
            return items.Count > 0;
        }
    }

    private readonly record struct Item(object? Value, Action? Action)
    {
        public int Weight => Value is CtrOutputLine line ? LineOverhead + line.Text.Length : UsualWeight;
    }
}
