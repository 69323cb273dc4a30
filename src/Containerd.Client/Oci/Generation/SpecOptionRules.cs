using System.Text;

namespace Containerd.Client.Oci;

/// <summary>What may be asked of a container, as far as it can be told without its image, so that the rest needs no daemon to be refused.</summary>
internal static class SpecOptionRules
{
    // The kernel's, for sethostname(2).
    private const int MaximumHostnameBytes = 64;

    /// <exception cref="FormatException">An option is not allowed; the message says what is.</exception>
    internal static void Check(ContainerSpecOptions options)
    {
        CheckLimits(options);
        CheckPaths(options);
        ProcessEnvironment.Merge([], options.Environment);
        LinuxCapabilities.Apply([], options.CapabilityAdd, options.CapabilityDrop);
        Each(options.Mounts, MountParser.Validate);
        Each(options.Rlimits, RlimitParser.Validate);
        Each(options.Devices, DeviceParser.Validate);
        if (options.Hostname is { } name && (name.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(name) > MaximumHostnameBytes))
        {
            throw new FormatException($"The host name '{name}' must have {MaximumHostnameBytes} bytes at most, and no NUL.");
        }

        if (options.Annotations.ContainsKey(""))
        {
            throw new FormatException("An annotation has no key: key=value is wanted.");
        }
    }

    private static void CheckLimits(ContainerSpecOptions options)
    {
        if (options.Memory is <= 0)
        {
            throw new FormatException($"The memory limit {options.Memory} must be more than 0 bytes.");
        }

        // The kernel takes no quota below 1 ms.
        if (options.Cpus is { } cpus and not (>= 0.01 and <= 1_000_000))
        {
            throw new FormatException($"The number of processors {cpus} must be from 0.01 to 1000000.");
        }

        if (options.PidsLimit is <= 0)
        {
            throw new FormatException($"The limit of {options.PidsLimit} processes must be 1 or more.");
        }
    }

    private static void CheckPaths(ContainerSpecOptions options)
    {
        if (options.WorkingDirectory is { Length: > 0 } directory && (directory[0] != '/' || directory.Contains('\0', StringComparison.Ordinal)))
        {
            throw new FormatException($"The working directory '{directory}' must be an absolute path inside the container, such as /work.");
        }

        if (options.RootFsPath is { } root && !LinuxPath.IsAbsolute(root))
        {
            throw new FormatException($"The root file system '{root}' must be an absolute path on the daemon's host without '..', and not its own root.");
        }
    }

    private static void Each<T>(IReadOnlyList<T> items, Action<T> check)
    {
        foreach (T item in items)
        {
            check(item);
        }
    }
}
