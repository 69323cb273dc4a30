using System.Globalization;

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
    public static bool HasEnded(string process)
    {
        int end = process.LastIndexOf('/');
        end = end > 0 ? process.LastIndexOf('/', end - 1) : end;
        if (end < 0 || Current is not { } current || !current.StartsWith(process[..(end + 1)], StringComparison.Ordinal))
        {
            return false;
        }

        string[] parts = process[(end + 1)..].Split('/');
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && Describe(pid) != process;
    }

    /// <summary>The name of a process; null where there is none that lives.</summary>
    internal static string? Describe(int pid)
    {
        try
        {
            string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            string pidNamespace = new FileInfo("/proc/self/ns/pid").LinkTarget?.Trim("pid:[]".ToCharArray()) ?? "";

            // Field 22, counted from the command's name, which may hold spaces and parentheses; field 3 is the state.
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : $"{boot}/{pidNamespace}/{pid}/{fields[19]}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
