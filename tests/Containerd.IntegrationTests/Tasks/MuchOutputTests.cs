using System.Globalization;
using System.Security.Cryptography;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Counts the memory and descriptors of the whole process, so nothing else runs meanwhile.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>64 MiB of numbered lines arrive whole, in order, and through little memory.</summary>
[Collection("Alone")]
public sealed class MuchOutputTests(DaemonFixture daemon) : TaskTests(daemon)
{
    private const long Bytes = 64 * 1024 * 1024;
    private const int LineLength = 16;
    private const long Lines = Bytes / LineLength;

    // seq pads each number with zeros to the same width.
    private static readonly string[] s_command = ["seq", "-w", "100000000000001", (100_000_000_000_000 + Lines).ToString(CultureInfo.InvariantCulture)];

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_arrive_whole_and_in_order(bool exec)
    {
        await using var process = await StartAsync(exec);
        using var hash = new HashSink();

        var growth = await ResidentMemory.GrowthAsync(() => process.CopyOutputAsync(hash, Stream.Null));

        Assert.Equal(Bytes, hash.Length);
        Assert.Equal(Convert.ToHexString(Expected()), Convert.ToHexString(hash.Complete()));
        Assert.Equal(0, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
        Assert.InRange(growth, long.MinValue, Bytes);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lines_arrive_whole_and_in_order(bool exec)
    {
        await using var process = await StartAsync(exec);
        var next = 100_000_000_000_001L;

        var growth = await ResidentMemory.GrowthAsync(async () =>
        {
            await foreach (var line in process.ReadLinesAsync())
            {
                Assert.Equal(next++, long.Parse(line.Text, CultureInfo.InvariantCulture));
            }
        });

        Assert.Equal(100_000_000_000_001 + Lines, next);
        Assert.Equal(0, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
        Assert.InRange(growth, long.MinValue, Bytes);
    }

    private async Task<RunningProcess> StartAsync(bool exec) => exec
        ? await Tasks.StartExecAsync(await RunningAsync(), new ExecOptions { Command = s_command }).WaitAsync(Hang)
        : await Tasks.StartAttachedAsync(await ContainerAsync(s_command)).WaitAsync(Hang);

    private static byte[] Expected()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new byte[LineLength];
        line[^1] = (byte)'\n';
        for (var number = 100_000_000_000_001L; number <= 100_000_000_000_000 + Lines; number++)
        {
            number.TryFormat(line, out _, default, CultureInfo.InvariantCulture);
            hash.AppendData(line);
        }

        return hash.GetHashAndReset();
    }

    private sealed class HashSink : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _length;

        public override long Length => _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Position { get => _length; set => throw new NotSupportedException(); }

        public byte[] Complete() => _hash.GetHashAndReset();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _hash.AppendData(buffer);
            _length += buffer.Length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
