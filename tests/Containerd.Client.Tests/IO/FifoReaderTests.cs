using Containerd.Client.IO;

namespace Containerd.Client.Tests.IO;

public sealed class FifoReaderTests : IOFixture
{
    [Fact]
    public async Task A_fifo_that_is_removed_while_it_is_read_is_read_to_its_end()
    {
        Directory.CreateDirectory(FifoDirectory);
        var path = Path.Combine(FifoDirectory, "init-stdout");
        Fifo.Create(path);
        await using var reader = new FifoReader(path);
        var writer = OpenWriter(path);
        File.Delete(path);
        var buffer = new byte[16];

        var waiting = reader.ReadAsync(buffer).AsTask();
        Assert.False(waiting.IsCompleted);
        writer.Write("last"u8);
        Assert.Equal("last"u8.ToArray(), buffer[..await waiting.WaitAsync(Hang)]);

        waiting = reader.ReadAsync(buffer).AsTask();
        writer.Dispose();
        Assert.Equal(0, await waiting.WaitAsync(Hang));
    }
}
