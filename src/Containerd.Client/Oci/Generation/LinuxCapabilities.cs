using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>The capabilities of the Linux kernel, see capabilities(7).</summary>
public static class LinuxCapabilities
{
    /// <summary>What containerd gives to a container that asks for nothing.</summary>
    internal static readonly IReadOnlyList<string> Default =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>All that are known, the position being the number.</summary>
    public static readonly IReadOnlyList<string> Known =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
        "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>
    /// What "all" means on this machine: the effective set of this process, as ctr takes it, because the kernel or a
    /// surrounding container may know or allow less than <see cref="Known"/>. A caller without any (not root, or no
    /// Linux: the daemon is root all the same) asks for all known ones.
    /// </summary>
    internal static IReadOnlyList<string> Current()
    {
        const string Field = "CapEff:";
        const string Status = "/proc/self/status";
        if (!File.Exists(Status))
        {
            return Known;
        }

        var line = File.ReadLines(Status).FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line is not null
            && ulong.TryParse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask)
            && mask != 0
                ? Known.Where((_, number) => (mask >> number & 1) != 0).ToList()
                : Known;
    }

    /// <summary>Brings a name as people write it, <c>net_admin</c>, into the kernel's form, <c>CAP_NET_ADMIN</c>.</summary>
    /// <exception cref="FormatException">There is no such capability.</exception>
    internal static string Normalize(string name)
    {
        var upper = name.Trim().ToUpperInvariant();
        var full = upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : "CAP_" + upper;
        return Known.Contains(full)
            ? full
            : throw new FormatException($"'{name}' is not a Linux capability: a name of capabilities(7), such as NET_ADMIN or CAP_NET_ADMIN, or ALL is wanted.");
    }

    /// <summary>The set that additions and removals make of a first set. Names added stay even when ALL is dropped.</summary>
    /// <exception cref="FormatException">A name is not that of a capability.</exception>
    internal static List<string> Apply(IReadOnlyList<string> start, IReadOnlyList<string> add, IReadOnlyList<string> drop)
    {
        var result = drop.Any(IsAll) ? [] : start.ToList();
        if (add.Any(IsAll))
        {
            result.AddRange(Current().Except(result));
        }

        result.AddRange(add.Where(n => !IsAll(n)).Select(Normalize).Distinct().Except(result).ToList());
        var dropped = drop.Where(n => !IsAll(n)).Select(Normalize).ToHashSet();
        result.RemoveAll(dropped.Contains);
        return result;
    }

    private static bool IsAll(string name) => name.Trim().ToUpperInvariant() is "ALL" or "CAP_ALL";
}
