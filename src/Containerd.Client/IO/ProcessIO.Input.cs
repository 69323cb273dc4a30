using System.IO.Pipes;

namespace Containerd.Client.IO;

internal sealed partial class ProcessIO
{
    private const int InputSize = 64 * 1024;
    private static readonly byte[] s_endOfTransmission = [4, 4];

    /// <summary>
    /// Copies a source to standard input, then closes it: every byte is in the FIFO and the shim is attached
    /// (<see cref="ShimAttached"/>) before this end closes, and this end is closed before the shim is told to close its
    /// own. Ends early when the process exits, so that one that never reads holds nothing up. A terminal's end is told with
    /// Ctrl+D and its input stays open: with it the shim would close the terminal as a whole, and output would be lost.
    /// </summary>
    /// <param name="source">What the process reads; stays open.</param>
    /// <param name="closeInput">The CloseIO request.</param>
    /// <param name="exited">Completes, in whatever way, when the process is gone.</param>
    /// <param name="cancellationToken">Ends the copy. A read of the source that does not end is left behind.</param>
    /// <returns>False when the process exited first.</returns>
    /// <exception cref="InvalidOperationException">The process has no standard input.</exception>
    public async Task<bool> CopyInputAsync(
        Stream source, Func<CancellationToken, Task> closeInput, Task exited, CancellationToken cancellationToken)
    {
        var input = _standardInput ?? throw new InvalidOperationException("The process has no standard input.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var copy = Task.Run(() => CopyInputAsync(source, input, stop.Token), CancellationToken.None);
            if (await Task.WhenAny(copy, exited).ConfigureAwait(false) != copy)
            {
                await stop.CancelAsync().ConfigureAwait(false);
            }

            await copy.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (exited.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            if (!_fifos.Terminal)
            {
                await input.DisposeAsync().ConfigureAwait(false);
            }
        }

        if (exited.IsCompleted)
        {
            return false;
        }

        if (!_fifos.Terminal)
        {
            await closeInput(cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task CopyInputAsync(Stream source, AnonymousPipeClientStream input, CancellationToken cancellationToken)
    {
        // Not pooled: a read that is left behind may still write into it.
        var buffer = new byte[InputSize];
        var lineEnded = true;
        while (true)
        {
            // A console's read cannot be cancelled, so the wait for it is.
            var read = source.ReadAsync(buffer, cancellationToken).AsTask();
            var count = await read.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                if (_fifos.Terminal)
                {
                    // After part of a line the first only ends that part.
                    await input.WriteAsync(lineEnded ? s_endOfTransmission.AsMemory(1) : s_endOfTransmission, cancellationToken).ConfigureAwait(false);
                }

                await _attached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            lineEnded = buffer[count - 1] == (byte)'\n';
            await input.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
        }
    }
}
