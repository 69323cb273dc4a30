using Key = (string Namespace, string Id);

namespace Containerd.Client;

/// <summary>
/// Handles events in lines: those about one thing one after the other, those about different things side by side. What waits
/// is bounded.
/// </summary>
internal sealed class EventLines(
    Func<CtrEvent, CancellationToken, Task> handle, Action<CtrEvent, Exception> failed, int capacity, CancellationTokenSource end) : IDisposable
{
    private readonly SemaphoreSlim _room = new(capacity);

    // The first of a line is being handled.
    private readonly Dictionary<Key, (Queue<CtrEvent> Events, Task Handling)> _lines = [];

    public void Dispose() => _room.Dispose();

    /// <summary>Puts an event at the end of its line, when there is room.</summary>
    public async Task AddAsync(CtrEvent value)
    {
        await _room.WaitAsync(end.Token).ConfigureAwait(false);
        Key key = (value.Namespace, value.Id);
        lock (_lines)
        {
            if (_lines.TryGetValue(key, out (Queue<CtrEvent> Events, Task) line))
            {
                line.Events.Enqueue(value);
            }
            else
            {
                var events = new Queue<CtrEvent>([value]);
                _lines.Add(key, (events, Task.Run(() => HandleAsync(key, events), CancellationToken.None)));
            }
        }
    }

    /// <summary>Waits until all lines are handled, or the handler that runs in each has returned after the end.</summary>
    public Task CompleteAsync()
    {
        lock (_lines)
        {
            return Task.WhenAll(_lines.Values.Select(line => line.Handling));
        }
    }

    private async Task HandleAsync(Key key, Queue<CtrEvent> line)
    {
        CtrEvent? value;
        lock (_lines)
        {
            value = line.Peek();
        }

        while (value is not null && !end.IsCancellationRequested)
        {
            try
            {
                await HandleAsync(value).ConfigureAwait(false);
            }
            catch
            {
                // Telling of a failure failed: that ends all.
                await end.CancelAsync().ConfigureAwait(false);
                throw;
            }

            lock (_lines)
            {
                line.Dequeue();
                _room.Release();
                if (!line.TryPeek(out value))
                {
                    _lines.Remove(key);
                }
            }
        }
    }

    private async Task HandleAsync(CtrEvent value)
    {
        try
        {
            await handle(value, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It has let itself be ended.
        }
        catch (Exception e)
        {
            failed(value, e);
        }
    }
}
