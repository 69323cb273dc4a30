using System.Globalization;
using System.Runtime.InteropServices;
using Containerd.Client.IO;

namespace Containerd.Client;

/// <summary>
/// A process of this client, named so that another one can tell later whether it still lives: by boot, pid namespace, pid and
/// start time, as a pid alone is given again. On another system than Linux it has no name.
/// </summary>
internal static class ClientProcess
{
    /// <summary>The label that names the process in what it holds.</summary>
    public const string Label = "containerd-powershell/process";

    private static readonly Lazy<string?> s_current = new(() => OperatingSystem.IsLinux() ? Describe(Environment.ProcessId) : null);

    /// <summary>This process; null where it has no name.</summary>
    public static string? Current => s_current.Value;

    /// <summary>
    /// Whether a process has certainly ended. One of another boot or pid namespace, which may be another machine's, has not:
    /// nothing is known of it.
    /// </summary>
    /// <param name="process">What <see cref="Current"/> was in that process.</param>
    /// <param name="proc">Where the proc file system is mounted.</param>
    public static bool HasEnded(string process, string proc = "/proc")
    {
        int end = process.LastIndexOf('/');
        end = end > 0 ? process.LastIndexOf('/', end - 1) : end;
        if (end < 0 || Current is not { } current || !current.StartsWith(process[..(end + 1)], StringComparison.Ordinal))
        {
            return false;
        }

        string[] parts = process[(end + 1)..].Split('/');
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
        {
            return false;
        }

        try
        {
            return NameOf(pid, proc) != process;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // With hidepid, /proc shows nobody another user's processes. This tells of them too: one that lives may not be signalled.
            return Libc.Kill(pid, 0) != 0 && Marshal.GetLastPInvokeError() == Libc.NoSuchProcess;
        }
    }

    /// <summary>The name of a process; null where there is none that lives, or it cannot be seen.</summary>
    internal static string? Describe(int pid)
    {
        try
        {
            return NameOf(pid, "/proc");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The name of a process; null for one that has ended and was not waited for yet.</summary>
    private static string? NameOf(int pid, string proc)
    {
        string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        string pidNamespace = new FileInfo("/proc/self/ns/pid").LinkTarget?.Trim("pid:[]".ToCharArray()) ?? "";

        // Field 22, counted from the command's name, which may hold spaces and parentheses; field 3 is the state.
        string stat = File.ReadAllText($"{proc}/{pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : $"{boot}/{pidNamespace}/{pid}/{fields[19]}";
    }
}
