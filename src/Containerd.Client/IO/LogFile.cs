using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.IO;

/// <summary>
/// Reads the log file that a shim writes a process's output to: plain lines, both outputs in one, with no times.
/// </summary>
internal static class LogFile
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Reads lines. Only what flows by is in memory, however large the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="containerId">The container, for the lines.</param>
    /// <param name="options">Which lines, and whether to wait for more.</param>
    /// <param name="cancellationToken">Ends the sequence with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static async IAsyncEnumerable<CtrOutputLine> ReadAsync(
        string path, string containerId, LogOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(OutputLines.ReadSize);
        var file = Open(path);
        try
        {
            using var splitter = new LineSplitter();
            var position = await StartAsync(file, options, cancellationToken).ConfigureAwait(false);
            var follow = options.Finished is not null;
            var end = follow ? long.MaxValue : RandomAccess.GetLength(file);
            var name = NameOf(file);
            using var timer = new PeriodicTimer(PollInterval);
            while (true)
            {
                // Asked before the read: what is written before the end is read after it.
                var last = options.Finished is not { IsCompleted: false };
                var replaced = follow && IsReplaced(path, file, name);
                int count;
                while ((count = await RandomAccess.ReadAsync(file, UpTo(end - position), position, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    position += count;
                    ReadOnlyMemory<byte> data = buffer.AsMemory(0, count);
                    while (splitter.TryRead(ref data, out var line))
                    {
                        yield return Line(line);
                    }
                }

                var truncated = follow && RandomAccess.GetLength(file) < position;
                if ((last || replaced || truncated) && splitter.TryComplete(out var rest))
                {
                    yield return Line(rest);
                }

                if (replaced && TryOpen(path) is { } next)
                {
                    file.Dispose();
                    file = next;
                    name = NameOf(file);
                    position = 0;
                }
                else if (truncated)
                {
                    position = 0;
                }
                else if (last)
                {
                    yield break;
                }
                else
                {
                    await Task.WhenAny(timer.WaitForNextTickAsync(cancellationToken).AsTask(), options.Finished!).ConfigureAwait(false);
                    cancellationToken.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            file.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Memory<byte> UpTo(long bytes) => buffer.AsMemory(0, (int)Math.Clamp(bytes, 0, buffer.Length));

        CtrOutputLine Line(string text) => new() { ContainerId = containerId, Text = text };
    }

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return Open(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    // The kernel's name of an open file changes when the file is renamed, deleted or replaced.
    private static string? NameOf(SafeFileHandle file) =>
        OperatingSystem.IsLinux()
            ? new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget
            : null;

    private static bool IsReplaced(string path, SafeFileHandle file, string? name) =>
        name is not null && NameOf(file) != name && File.Exists(path);

    private static async ValueTask<long> StartAsync(SafeFileHandle file, LogOptions options, CancellationToken cancellationToken)
    {
        var length = RandomAccess.GetLength(file);
        if (options.Start is { } start)
        {
            return start;
        }

        if (options.Since is { } since && File.GetLastWriteTimeUtc(file) < since.UtcDateTime)
        {
            return length;
        }

        return options.Tail is { } tail
            ? await FindTailAsync(file, length, tail, cancellationToken).ConfigureAwait(false)
            : 0;
    }

    // Goes back block by block until one line end more than the wanted lines have is behind.
    private static async ValueTask<long> FindTailAsync(SafeFileHandle file, long length, int lines, CancellationToken cancellationToken)
    {
        if (lines == 0)
        {
            return length;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(OutputLines.ReadSize);
        try
        {
            var found = 0L;
            var end = length;
            while (end > 0)
            {
                var start = Math.Max(0, end - OutputLines.ReadSize);
                var block = buffer.AsMemory(0, (int)(end - start));
                var count = await ReadBlockAsync(file, block, start, cancellationToken).ConfigureAwait(false);
                for (var at = count; (at = block.Span[..at].LastIndexOf((byte)'\n')) >= 0;)
                {
                    // The end of the last line separates it from nothing.
                    if (start + at + 1 < length && ++found == lines)
                    {
                        return start + at + 1;
                    }
                }

                end = start;
            }

            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask<int> ReadBlockAsync(
        SafeFileHandle file, Memory<byte> block, long start, CancellationToken cancellationToken)
    {
        var filled = 0;
        int count;
        while (filled < block.Length
            && (count = await RandomAccess.ReadAsync(file, block[filled..], start + filled, cancellationToken).ConfigureAwait(false)) > 0)
        {
            filled += count;
        }

        return filled;
    }
}
