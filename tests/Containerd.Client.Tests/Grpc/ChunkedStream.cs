namespace Containerd.Client.Tests.Grpc;

/// <summary>Bytes that arrive in pieces of the given sizes, over and over.</summary>
internal sealed class ChunkedStream(byte[] bytes, int[] chunks) : MemoryStream(bytes, writable: false)
{
    private int _reads;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var chunk = chunks.Length == 0 ? buffer.Length : chunks[_reads++ % chunks.Length];
        return base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
