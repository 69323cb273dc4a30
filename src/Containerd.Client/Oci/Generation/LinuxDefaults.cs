namespace Containerd.Client.Oci;

/// <summary>The parts of a Linux spec that containerd gives to every container.</summary>
internal static class LinuxDefaults
{
    internal const string OciVersion = "1.0.2";

    internal const string Path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    internal const string AnyAccess = "rwm";

    internal const ulong CpuPeriod = 100_000;

    internal const ulong CpuShares = 1024;

    internal static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi",
    ];

    internal static readonly string[] ReadonlyPaths =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    internal static readonly string[] Namespaces = ["pid", "ipc", "uts", "mount", "network"];

    internal static List<CtrSpecMount> Mounts() =>
    [
        Mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
        Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        Mount("/run", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
    ];

    internal static CtrSpecMount HostFile(string path) => Mount(path, "bind", path, "rbind", "ro");

    /// <summary>Denies every device, then allows the ones that a runtime makes in each container.</summary>
    internal static List<CtrSpecDeviceRule> DeviceRules() =>
    [
        new() { Allow = false, Access = AnyAccess },
        Allow(1, 3),   // null
        Allow(1, 8),   // random
        Allow(1, 7),   // full
        Allow(5, 0),   // tty
        Allow(1, 5),   // zero
        Allow(1, 9),   // urandom
        Allow(5, 1),   // console
        Allow(136, null), // pts
        Allow(5, 2),   // ptmx
    ];

    private static CtrSpecMount Mount(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = [.. options] };

    private static CtrSpecDeviceRule Allow(long major, long? minor) =>
        new() { Allow = true, Type = "c", Major = major, Minor = minor, Access = AnyAccess };
}
