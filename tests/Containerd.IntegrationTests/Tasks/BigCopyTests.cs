using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Counts the memory of the whole process, so nothing else runs meanwhile.</summary>
[Collection("Alone")]
public sealed class BigCopyTests(DaemonFixture daemon) : TaskTests(daemon), IDisposable
{
    private readonly string _host = Directory.CreateTempSubdirectory("ctr-copy-").FullName;

    public void Dispose() => Directory.Delete(_host, recursive: true);

    [SkippableFact]
    public async Task A_big_file_flows_by()
    {
        const long Size = 100 << 20;
        var id = await RunningAsync();
        var file = Path.Combine(_host, "big");
        await using (var big = File.Create(file))
        {
            var piece = new byte[1 << 20];
            for (long size = 0; size < Size; size += piece.Length)
            {
                Random.Shared.NextBytes(piece);
                await big.WriteAsync(piece);
            }
        }

        var before = PeakMemory(reset: true);
        await Tasks.CopyToAsync(id, file, "/tmp/big").WaitAsync(Hang);
        await Tasks.CopyFromAsync(id, "/tmp/big", file + "2").WaitAsync(Hang);
        Assert.InRange(PeakMemory() - before, 0, 64 << 20);

        using var compare = Process.Start("cmp", [file, file + "2"]);
        await compare.WaitForExitAsync().WaitAsync(Hang);
        Assert.Equal(0, compare.ExitCode);
    }

    // What the kernel counts as the most that this process had in memory; it counts anew when it is told to.
    private static long PeakMemory(bool reset = false)
    {
        if (reset)
        {
            GC.Collect();
            File.WriteAllText("/proc/self/clear_refs", "5");
        }

        return 1024 * long.Parse(
            File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            System.Globalization.CultureInfo.InvariantCulture);
    }
}
