using System.Buffers;
using System.IO.Pipes;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.IO;

/// <summary>
/// The client's ends of a process's FIFOs. It is opened before the Create or Exec request, so that the shim's own
/// opens never wait. Until <see cref="ShimAttached"/> it holds the outputs open for writing itself, so that a read
/// waits for the shim instead of taking its absence for the end, and keeps standard input open, whose bytes would
/// go with the last end of a FIFO that closes.
/// </summary>
internal sealed partial class ProcessIO : IAsyncDisposable
{
    private readonly ProcessFifos _fifos;
    private readonly List<SafePipeHandle> _writers = [];
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AnonymousPipeClientStream? _standardInput;
    private FifoReader? _standardOutput;
    private FifoReader? _standardError;
    private int _outputTaken;
    private volatile bool _truncated;

    private ProcessIO(ProcessFifos fifos) => _fifos = fifos;

    /// <summary>The FIFOs, whose paths go into the request.</summary>
    public ProcessFifos Fifos => _fifos;

    /// <summary>
    /// Whether reading was given up before the outputs' end, because something else still held them open after the
    /// process had exited: output of that may be missing.
    /// </summary>
    public bool Truncated => _truncated;

    /// <summary>Whether the process has a standard input.</summary>
    public bool TakesInput => _standardInput is not null;

    /// <summary>Opens the client's ends and takes the FIFOs over; when that fails, the FIFOs are disposed too.</summary>
    /// <param name="fifos">The FIFOs.</param>
    /// <exception cref="IOException">A FIFO cannot be opened, or a path names something else.</exception>
    public static ProcessIO Open(ProcessFifos fifos)
    {
        var io = new ProcessIO(fifos);
        try
        {
            io._standardOutput = io.OpenOutput(fifos.StandardOutputPath);
            io._standardError = io.OpenOutput(fifos.StandardErrorPath);
            if (fifos.StandardInputPath.Length > 0)
            {
                // Open for reading as well, it needs no reader to open and a write never raises SIGPIPE.
                io._standardInput = Wrap(PipeDirection.Out, Fifo.Open(fifos.StandardInputPath, FileAccess.ReadWrite));
            }

            return io;
        }
        catch
        {
            io.Close();
            throw;
        }
    }

    /// <summary>
    /// Says that the shim has opened its ends, which is when Create returned (init process), or Start (exec, restored
    /// task). From here on the outputs end when the shim closes them, and standard input may be closed. Calling it
    /// again does nothing.
    /// </summary>
    public void ShimAttached()
    {
        ReleaseWriters();
        _attached.TrySetResult();
    }

    /// <summary>Copies both outputs to their ends. The outputs can be read once only.</summary>
    /// <param name="standardOutput">Receives standard output; stays open.</param>
    /// <param name="standardError">Receives standard error; stays open.</param>
    /// <param name="exited">Completes, in whatever way, when the process is gone.</param>
    /// <param name="drain">
    /// How long to wait in all for the outputs' end after that, not counting the time the sinks take, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>. Then the copy ends and <see cref="Truncated"/> is true.
    /// </param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="InvalidOperationException">The outputs are or were read already.</exception>
    public async Task PumpAsync(
        Stream standardOutput, Stream standardError, Task exited, TimeSpan drain, CancellationToken cancellationToken)
    {
        TakeOutput();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAll(Copy(_standardOutput, standardOutput), Copy(_standardError, standardError)).ConfigureAwait(false);

        Task Copy(FifoReader? source, Stream sink) =>
            source is null
                ? Task.CompletedTask
                : Task.Run(() => CopyOutputAsync(source, sink, exited, drain, stop), CancellationToken.None);
    }

    /// <summary>Reads both outputs as lines, in the order in which they arrive. The outputs can be read once only.</summary>
    /// <param name="containerId">The container, for the lines.</param>
    /// <param name="execId">The exec, for the lines; null for the init process.</param>
    /// <param name="exited">Completes, in whatever way, when the process is gone.</param>
    /// <param name="drain">As with <see cref="PumpAsync"/>; the time the consumer takes does not count.</param>
    /// <param name="cancellationToken">Ends the sequence with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="InvalidOperationException">The outputs are or were read already.</exception>
    public async IAsyncEnumerable<CtrOutputLine> ReadLinesAsync(
        string containerId,
        string? execId,
        Task exited,
        TimeSpan drain,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        TakeOutput();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var standardOutput = Read(_standardOutput);
        using var standardError = Read(_standardError);
        var readers = new List<(CtrOutputStream, DrainingReader)>();
        if (standardOutput is not null)
        {
            readers.Add((CtrOutputStream.StandardOutput, standardOutput));
        }

        if (standardError is not null)
        {
            readers.Add((CtrOutputStream.StandardError, standardError));
        }

        await foreach (var line in OutputLines.MergeAsync(readers, containerId, execId, stop).ConfigureAwait(false))
        {
            yield return line;
        }

        _truncated = readers.Exists(reader => reader.Item2.Truncated);

        DrainingReader? Read(FifoReader? pipe) =>
            pipe is null ? null : new DrainingReader(pipe, exited, drain, stop.Token);
    }

    /// <summary>
    /// Does something while the outputs are read away: a process that is killed leaves a shim that waits to write what
    /// nobody reads any more, and its removal would wait for the shim.
    /// </summary>
    /// <param name="work">What to do. Whoever read the outputs before has ended.</param>
    public async Task DiscardOutputWhileAsync(Func<Task> work)
    {
        using var stop = new CancellationTokenSource();
        // Reads that find something at once never leave their thread, and the work is to begin all the same.
        var discarding = Task.WhenAll(
            Task.Run(() => DiscardAsync(_standardOutput, stop.Token), CancellationToken.None),
            Task.Run(() => DiscardAsync(_standardError, stop.Token), CancellationToken.None));
        try
        {
            await work().ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await discarding.ConfigureAwait(false);
        }
    }

    /// <summary>Closes every end, which also ends what still reads or writes, and disposes the FIFOs.</summary>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private static AnonymousPipeClientStream Wrap(PipeDirection direction, SafePipeHandle handle)
    {
        try
        {
            // .NET waits for a pipe with epoll, on one thread for all of them.
            return new AnonymousPipeClientStream(direction, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private async Task CopyOutputAsync(
        FifoReader source, Stream sink, Task exited, TimeSpan drain, CancellationTokenSource stop)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(OutputLines.ReadSize);
        try
        {
            using var reader = new DrainingReader(source, exited, drain, stop.Token);
            int count;
            while ((count = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                await sink.WriteAsync(buffer.AsMemory(0, count), stop.Token).ConfigureAwait(false);
            }

            await sink.FlushAsync(stop.Token).ConfigureAwait(false);
            if (reader.Truncated)
            {
                _truncated = true;
            }
        }
        catch
        {
            // One sink that fails ends the other's copy too: the caller must hear of it.
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task DiscardAsync(FifoReader? pipe, CancellationToken cancellationToken)
    {
        if (pipe is null)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(OutputLines.ReadSize);
        try
        {
            while (await pipe.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (OperationCanceledException)
        {
            // Something still holds it open.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void TakeOutput()
    {
        if (Interlocked.Exchange(ref _outputTaken, 1) != 0)
        {
            throw new InvalidOperationException("The process's output is read already; a second reader would take half of it.");
        }
    }

    private FifoReader? OpenOutput(string path)
    {
        if (path.Length == 0)
        {
            return null;
        }

        var reader = new FifoReader(path);
        try
        {
            _writers.Add(Fifo.Open(path, FileAccess.Write));
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private void ReleaseWriters()
    {
        lock (_writers)
        {
            _writers.ForEach(writer => writer.Dispose());
            _writers.Clear();
        }
    }

    private void Close()
    {
        ReleaseWriters();
        _attached.TrySetCanceled();
        _standardInput?.Dispose();
        _standardOutput?.Dispose();
        _standardError?.Dispose();
        _fifos.Dispose();
    }
}
