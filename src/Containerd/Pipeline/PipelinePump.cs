using System.Threading.Channels;

namespace Containerd.PowerShell.Pipeline;

/// <summary>
/// Carries what asynchronous work produces to the pipeline's thread, which alone may write. The queue is bounded: a slow
/// reader downstream slows the work down.
/// </summary>
internal sealed class PipelinePump
{
    private const int Capacity = 256;

    private readonly Channel<Item> _items = Channel.CreateBounded<Item>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly Action<object?> _writeObject;

    public PipelinePump(Action<object?> writeObject) => _writeObject = writeObject;

    /// <summary>From the work: hands an object to the pipeline.</summary>
    public ValueTask WriteAsync(object? value, CancellationToken cancellationToken) =>
        _items.Writer.WriteAsync(new Item(value, null), cancellationToken);

    /// <summary>From the work: has the pipeline's thread do something and gives its result.</summary>
    public async Task<T> InvokeAsync<T>(Func<T> function, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _items.Writer.WriteAsync(new Item(null, () => Complete(function, result)), cancellationToken).ConfigureAwait(false);
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
            _items.Writer.TryComplete();
        }
    }

    private void Serve()
    {
        do
        {
            while (_items.Reader.TryRead(out Item item))
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
        while (_items.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult());
    }

    private readonly record struct Item(object? Value, Action? Action);
}
