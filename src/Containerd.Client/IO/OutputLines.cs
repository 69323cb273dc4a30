using System.Buffers;
using System.Threading.Channels;

namespace Containerd.Client.IO;

/// <summary>
/// The lines of several output streams as one sequence, in the order in which they were read. A consumer that falls
/// behind stops the reading, and so in the end the process: at most a few reads' worth of lines waits in memory.
/// </summary>
internal static class OutputLines
{
    public const int ReadSize = 256 * 1024;
    private const int BatchesAhead = 4;

    /// <summary>Reads every stream to its end. The readers stay open.</summary>
    /// <param name="readers">One reader a stream, each of which <paramref name="stop"/> ends.</param>
    /// <param name="containerId">The container, for the lines.</param>
    /// <param name="execId">The exec, for the lines; null for the init process.</param>
    /// <param name="stop">
    /// Ends the sequence with an <see cref="OperationCanceledException"/>; cancelled when the consumer leaves early.
    /// </param>
    public static async IAsyncEnumerable<CtrOutputLine> MergeAsync(
        IReadOnlyList<(CtrOutputStream Stream, DrainingReader Reader)> readers,
        string containerId,
        string? execId,
        CancellationTokenSource stop)
    {
        // A consumer that waits goes on in the thread that read: to hand a batch to another one costs more than to look at it.
        var batches = Channel.CreateBounded<List<CtrOutputLine>>(new BoundedChannelOptions(BatchesAhead)
        {
            SingleReader = true,
            SingleWriter = readers.Count == 1,
            AllowSynchronousContinuations = true,
        });
        var pumps = Task.WhenAll(readers.Select(source =>
        {
            var template = new CtrOutputLine { ContainerId = containerId, ExecId = execId, Stream = source.Stream, Text = "" };
            return Task.Run(() => PumpAsync(source.Reader, template, batches.Writer, stop.Token), CancellationToken.None);
        }));
        var closing = pumps.ContinueWith(
            _ => batches.Writer.TryComplete(),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        try
        {
            await foreach (var batch in batches.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                foreach (var line in batch)
                {
                    yield return line;
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await closing.ConfigureAwait(false);
        }
    }

    private static async Task PumpAsync(
        DrainingReader reader, CtrOutputLine template, ChannelWriter<List<CtrOutputLine>> batches, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadSize);
        try
        {
            using var splitter = new LineSplitter();
            int count;
            while ((count = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                var batch = new List<CtrOutputLine>();
                var now = DateTimeOffset.UtcNow;
                ReadOnlyMemory<byte> data = buffer.AsMemory(0, count);
                while (splitter.TryRead(ref data, out var line))
                {
                    batch.Add(template with { Text = line, Timestamp = now });
                }

                if (batch.Count > 0)
                {
                    await batches.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
                }
            }

            if (splitter.TryComplete(out var last))
            {
                await batches.WriteAsync([template with { Text = last, Timestamp = DateTimeOffset.UtcNow }], cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            // The consumer learns of it at once, not when the other stream ends too.
            batches.TryComplete(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
