namespace Containerd.Client.Terminals;

/// <summary>
/// What is typed, without the keys that detach. The beginning of these is kept back until the next key shows what was meant.
/// </summary>
internal sealed class TypedInput(DetachKeys detachKeys, Func<Memory<byte>, CancellationToken, Task<int>> read) : Stream
{
    private readonly TaskCompletionSource _detached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<byte> _kept = [];

    /// <summary>Completes when the keys were typed; nothing is read after that.</summary>
    public Task Detached => _detached.Task;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What was kept back must fit beside what is read.
        var typed = new byte[buffer.Length - detachKeys.Keys.Length];
        while (true)
        {
            int count = await read(typed, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                return 0;
            }

            int passed = Pass(typed.AsSpan(0, count), buffer.Span);
            if (passed > 0)
            {
                return passed;
            }

            if (_detached.Task.IsCompleted)
            {
                // The end of the input would be the process's end: there is none, until whoever reads gives up.
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Pass(ReadOnlySpan<byte> typed, Span<byte> buffer)
    {
        int passed = 0;
        foreach (byte key in typed)
        {
            _kept.Add(key);
            while (_kept.Count > 0 && !IsBeginning())
            {
                buffer[passed++] = _kept[0];
                _kept.RemoveAt(0);
            }

            if (_kept.Count > 0 && _kept.Count == detachKeys.Keys.Length)
            {
                _detached.TrySetResult();
                return passed;
            }
        }

        return passed;
    }

    private bool IsBeginning() => _kept.Count <= detachKeys.Keys.Length
        && detachKeys.Keys[.._kept.Count].SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_kept));
}
