using System.Diagnostics;

namespace Containerd.Client.IO;

/// <summary>
/// Reads a process's output to its end. A grandchild that inherited the pipe keeps it open after the process itself
/// exited: from then on reads may wait only so long in all. The time a slow consumer takes does not count, so what
/// the process wrote is never cut because it is read late.
/// </summary>
internal sealed class DrainingReader : IDisposable
{
    private readonly object _gate = new();
    private readonly Stream _pipe;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _stop;
    private TimeSpan _left;
    private long _readStarted;
    private bool _reading;
    private bool _exited;
    private bool _disposed;

    /// <param name="pipe">The read end; it stays open when this is disposed.</param>
    /// <param name="exited">Completes, in whatever way, when the process is gone.</param>
    /// <param name="drain">How long reads may wait in all after that, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancellation">Ends a read with an <see cref="OperationCanceledException"/>.</param>
    public DrainingReader(Stream pipe, Task exited, TimeSpan drain, CancellationToken cancellation)
    {
        _pipe = pipe;
        _left = drain;
        _cancellation = cancellation;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (drain != Timeout.InfiniteTimeSpan)
        {
            _ = exited.ContinueWith(
                static (_, state) => ((DrainingReader)state!).ProcessExited(),
                this,
                _stop.Token,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    /// <summary>Whether reading was given up before the end of the output.</summary>
    public bool Truncated { get; private set; }

    /// <summary>Reads what is there, or waits for it.</summary>
    /// <returns>The number of bytes; 0 at the end, also when that is only assumed (<see cref="Truncated"/>).</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        Begin();
        try
        {
            return await _pipe.ReadAsync(buffer, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_cancellation.IsCancellationRequested)
        {
            Truncated = true;
            return 0;
        }
        finally
        {
            End();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        // Takes the continuation off the exit task, which may outlive this by far.
        _stop.Cancel();
        _stop.Dispose();
    }

    private void ProcessExited()
    {
        lock (_gate)
        {
            _exited = true;
            if (_reading && !_disposed)
            {
                StartClock();
            }
        }
    }

    private void Begin()
    {
        lock (_gate)
        {
            _reading = true;
            if (_exited)
            {
                StartClock();
            }
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _reading = false;
            if (_exited)
            {
                _stop.CancelAfter(Timeout.InfiniteTimeSpan);
                _left -= Stopwatch.GetElapsedTime(_readStarted);
            }
        }
    }

    private void StartClock()
    {
        _readStarted = Stopwatch.GetTimestamp();
        _stop.CancelAfter(_left > TimeSpan.Zero ? _left : TimeSpan.Zero);
    }
}
