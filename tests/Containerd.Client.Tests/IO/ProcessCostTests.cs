using System.Buffers.Binary;
using System.Diagnostics;
using Containerd.Client.IO;

namespace Containerd.Client.Tests.IO;

/// <summary>Counts the threads and allocations of the whole process, so nothing else runs meanwhile.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
[Collection("Alone")]
public sealed class ProcessCostTests : IOFixture
{
    [Fact]
    public async Task Much_output_flows_in_order_through_little_memory()
    {
        const int blocks = 1024;
        const int blockSize = 64 * 1024;
        await using var io = OpenIO(terminal: true);
        using var sink = new SequenceStream();
        var pump = io.PumpAsync(sink, Stream.Null, NeverExits, Hang, default);
        var writer = OpenWriter(io.Fifos.StandardOutputPath);
        io.ShimAttached();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await Task.Factory.StartNew(() =>
        {
            var block = new byte[blockSize];
            var next = 0L;
            for (var i = 0; i < blocks; i++)
            {
                for (var at = 0; at < block.Length; at += sizeof(long))
                {
                    BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(at), next++);
                }

                writer.Write(block);
            }

            writer.Dispose();
        }, TaskCreationOptions.LongRunning).WaitAsync(Hang);
        await pump.WaitAsync(Hang);
        Assert.Equal((long)blocks * blockSize, sink.Received);

        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 * 1024 * 1024);
    }

    [Fact]
    public async Task Two_hundred_silent_processes_need_no_threads_and_end_when_cancelled()
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(1, 1);
        var ios = new List<ProcessIO>();
        try
        {
            using var cancellation = new CancellationTokenSource();
            var before = Process.GetCurrentProcess().Threads.Count;
            for (var i = 0; i < 200; i++)
            {
                ios.Add(OpenIO(name: $"exec{i}"));
            }

            var pumps = ios.ConvertAll(io => io.PumpAsync(Stream.Null, Stream.Null, NeverExits, Hang, cancellation.Token));

            // Were reads to block, one thread each would be needed to get all of them begun.
            var patience = Stopwatch.StartNew();
            while (ThreadPool.PendingWorkItemCount > 0)
            {
                Assert.True(patience.Elapsed < Hang, "Reads hold the pool's threads.");
                await Task.Delay(10);
            }

            Assert.DoesNotContain(pumps, pump => pump.IsCompleted);
            Assert.InRange(Process.GetCurrentProcess().Threads.Count - before, int.MinValue, 50);

            await cancellation.CancelAsync();
            foreach (var pump in pumps)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pump.WaitAsync(Hang));
            }
        }
        finally
        {
            foreach (var io in ios)
            {
                await io.DisposeAsync();
            }

            ThreadPool.SetMinThreads(workers, completions);
        }

        Assert.Equal(0, OpenDescriptors());
    }
}
