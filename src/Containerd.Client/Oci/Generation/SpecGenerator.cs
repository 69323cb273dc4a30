using Containerd.Client.Oci.Users;

namespace Containerd.Client.Oci;

/// <summary>
/// Makes the runtime spec of a Linux container: what <c>ctr run</c> makes for the same input. The intended
/// differences are listed in docs/spec.md.
/// </summary>
internal static class SpecGenerator
{
    /// <param name="options">What the container is to be.</param>
    /// <param name="accounts">The user and group files of the root file system, for names and further groups.</param>
    /// <exception cref="FormatException">A user, capability, variable, path or number is not allowed.</exception>
    /// <exception cref="PlatformNotSupportedException">Devices are asked for, and this machine is not Linux.</exception>
    internal static CtrSpec Generate(ContainerSpecOptions options, AccountFiles accounts)
    {
        SpecOptionRules.Check(options);
        var spec = new CtrSpec
        {
            OciVersion = LinuxDefaults.OciVersion,
            Hostname = options.Hostname,
            Root = new() { Path = options.RootFsPath ?? "rootfs", Readonly = options.ReadOnly },
            Process = Process(options, accounts),
            Mounts = Mounts(options),
            Annotations = new(options.Annotations),
            Linux = Linux(options),
        };
        foreach (var device in options.Devices)
        {
            AddDevice(spec.Linux, device);
        }

        return spec;
    }

    private static CtrSpecProcess Process(ContainerSpecOptions options, AccountFiles accounts)
    {
        var capabilities = LinuxCapabilities.Apply(
            options.Privileged ? LinuxCapabilities.Current() : LinuxCapabilities.Default,
            options.CapabilityAdd,
            options.CapabilityDrop);
        return new()
        {
            Terminal = options.Terminal,
            User = UserResolver.Resolve(NotEmpty(options.User) ?? options.Image?.User, accounts),
            Args = Args(options),
            Env = Env(options),
            Cwd = WorkingDirectory(options),
            Capabilities = new() { Bounding = capabilities, Permitted = [.. capabilities], Effective = [.. capabilities] },
            Rlimits = Rlimits(options.Rlimits),
            NoNewPrivileges = true,
        };
    }

    private static List<string> Args(ContainerSpecOptions options)
    {
        var entrypoint = options.Entrypoint ?? options.Image?.Entrypoint ?? [];
        var command = options.Command ?? (options.Entrypoint is null ? options.Image?.Cmd : null) ?? [];
        List<string> args = [.. entrypoint, .. command];
        return args.Count > 0 && args[0].Length > 0
            ? args
            : throw new FormatException("There is nothing to run: the image names no command, so one must be given.");
    }

    private static List<string> Env(ContainerSpecOptions options)
    {
        IReadOnlyList<string> image = options.Image is { Env.Count: > 0 } ? options.Image.Env : [LinuxDefaults.Path];
        var env = ProcessEnvironment.Merge(image, options.Environment);
        if (options.Terminal && !ProcessEnvironment.Contains(env, "TERM"))
        {
            env.Add("TERM=xterm");
        }

        return options.HostNetwork && !ProcessEnvironment.Contains(options.Environment, "HOSTNAME")
            ? ProcessEnvironment.Merge(env, [$"HOSTNAME={options.Hostname ?? Environment.MachineName}"])
            : env;
    }

    private static string WorkingDirectory(ContainerSpecOptions options)
    {
        var directory = NotEmpty(options.WorkingDirectory) ?? NotEmpty(options.Image?.WorkingDir) ?? "/";
        return directory[0] == '/'
            ? directory
            : throw new FormatException($"The working directory '{directory}' must be an absolute path inside the container, such as /work.");
    }

    private static List<CtrSpecRlimit> Rlimits(IReadOnlyList<CtrSpecRlimit> wanted)
    {
        List<CtrSpecRlimit> limits = [new() { Type = "RLIMIT_NOFILE", Hard = 1024, Soft = 1024 }];
        foreach (var limit in wanted)
        {
            limits.RemoveAll(l => l.Type == limit.Type);
            limits.Add(limit);
        }

        return limits;
    }

    private static List<CtrSpecMount> Mounts(ContainerSpecOptions options)
    {
        var mounts = LinuxDefaults.Mounts();
        if (options.Privileged)
        {
            foreach (var mount in mounts.Where(m => m.Type is "sysfs" or "cgroup"))
            {
                mount.Options = [.. mount.Options.Select(o => o == "ro" ? "rw" : o)];
            }
        }

        mounts.AddRange(options.Mounts);
        if (options.HostNetwork)
        {
            mounts.Add(LinuxDefaults.HostFile("/etc/hosts"));
            mounts.Add(LinuxDefaults.HostFile("/etc/resolv.conf"));
        }

        return mounts;
    }

    private static CtrSpecLinux Linux(ContainerSpecOptions options) => new()
    {
        MaskedPaths = options.Privileged ? [] : [.. LinuxDefaults.MaskedPaths],
        ReadonlyPaths = options.Privileged ? [] : [.. LinuxDefaults.ReadonlyPaths],
        CgroupsPath = options.CgroupsPath ?? $"/{options.Namespace}/{options.Id}",
        Namespaces = [.. LinuxDefaults.Namespaces
            .Where(n => !(options.HostNetwork && n == "network"))
            .Select(n => new CtrSpecNamespace { Type = n })],
        Devices = options.Privileged ? HostDevices.All() : [],
        Resources = new()
        {
            Devices = options.Privileged
                ? [new() { Allow = true, Access = LinuxDefaults.AnyAccess }]
                : LinuxDefaults.DeviceRules(),
            Memory = options.Memory is { } bytes ? new() { Limit = bytes } : null,
            Cpu = Cpu(options),
            Pids = options.PidsLimit is { } pids ? new() { Limit = pids } : null,
        },
    };

    private static CtrSpecCpu Cpu(ContainerSpecOptions options)
    {
        var cpu = new CtrSpecCpu { Shares = options.CpuShares ?? LinuxDefaults.CpuShares };
        if (options.Cpus is { } cpus)
        {
            cpu.Quota = (long)Math.Round(cpus * LinuxDefaults.CpuPeriod);
            cpu.Period = LinuxDefaults.CpuPeriod;
        }

        return cpu;
    }

    private static void AddDevice(CtrSpecLinux linux, DeviceMapping mapping)
    {
        var devices = HostDevices.At(mapping.HostPath, mapping.ContainerPath);
        linux.Devices.AddRange(devices);
        linux.Resources!.Devices.AddRange(devices.Select(d => new CtrSpecDeviceRule
        {
            Allow = true,
            Type = d.Type,
            Major = d.Major,
            Minor = d.Minor,
            Access = mapping.Access,
        }));
    }

    private static string? NotEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
