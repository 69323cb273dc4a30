namespace Containerd.Client.Oci;

/// <summary>Sets the limits that people change most, in their units, in OCI resources.</summary>
public static class ResourceLimits
{
    // Microseconds; docker's and runc's usual one.
    private const ulong Period = 100_000;

    /// <summary>Sets what is given and leaves the rest.</summary>
    /// <param name="resources">What is changed.</param>
    /// <param name="memory">The memory limit in bytes; -1 for none.</param>
    /// <param name="cpus">Processors' worth of time.</param>
    /// <param name="cpuShares">The weight against other groups.</param>
    /// <param name="pidsLimit">The most processes and threads; -1 for no limit.</param>
    public static void Set(CtrSpecResources resources, long? memory, double? cpus, long? cpuShares, long? pidsLimit)
    {
        ArgumentNullException.ThrowIfNull(resources);
        if (memory is not null)
        {
            resources.Memory ??= new CtrSpecMemory();
            resources.Memory.Limit = memory;
        }

        if (cpus is not null || cpuShares is not null)
        {
            resources.Cpu ??= new CtrSpecCpu();
        }

        if (cpus is { } processors)
        {
            resources.Cpu!.Quota = (long)Math.Round(processors * Period);
            resources.Cpu.Period = Period;
        }

        if (cpuShares is { } shares)
        {
            resources.Cpu!.Shares = (ulong)shares;
        }

        if (pidsLimit is { } pids)
        {
            resources.Pids = new CtrSpecPids { Limit = pids };
        }
    }
}
