using System.Diagnostics;

namespace Containerd.IntegrationTests;

/// <summary>The resident memory of the process that the tests and the client run in.</summary>
internal static class ResidentMemory
{
    /// <summary>By how many bytes the process's resident memory grows at most, looked at while the work goes on.</summary>
    public static async Task<long> GrowthAsync(Func<Task> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Resident();
        var most = before;
        var running = Task.Run(work);
        while (await Task.WhenAny(running, Task.Delay(20)) != running)
        {
            most = Math.Max(most, Resident());
        }

        await running;
        return Math.Max(most, Resident()) - before;
    }

    private static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
