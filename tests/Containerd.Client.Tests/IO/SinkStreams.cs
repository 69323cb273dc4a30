using System.Buffers.Binary;

namespace Containerd.Client.Tests.IO;

/// <summary>Tells when it has received so many bytes.</summary>
internal sealed class SignallingStream : MemoryStream
{
    private readonly SemaphoreSlim _written = new(0);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await base.WriteAsync(buffer, cancellationToken);
        _written.Release();
    }

    public async Task WaitForLengthAsync(long length)
    {
        while (Length < length)
        {
            await _written.WaitAsync();
        }
    }

    protected override void Dispose(bool disposing)
    {
        _written.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Takes its time for each write.</summary>
internal sealed class SlowStream(TimeSpan delay) : MemoryStream
{
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Delay(delay, cancellationToken);
        await base.WriteAsync(buffer, cancellationToken);
    }
}

/// <summary>Checks that it receives the numbers from 0 on, as 64-bit little-endian, and keeps none.</summary>
internal sealed class SequenceStream : MemoryStream
{
    private readonly byte[] _number = new byte[sizeof(long)];

    public long Received { get; private set; }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        foreach (var value in buffer.Span)
        {
            _number[Received++ % sizeof(long)] = value;
            if (Received % sizeof(long) == 0 && BinaryPrimitives.ReadInt64LittleEndian(_number) != (Received / sizeof(long)) - 1)
            {
                throw new InvalidDataException($"Out of order at byte {Received}.");
            }
        }

        return ValueTask.CompletedTask;
    }
}
