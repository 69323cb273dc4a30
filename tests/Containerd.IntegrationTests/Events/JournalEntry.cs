using System.Globalization;

namespace Containerd.IntegrationTests.Events;

/// <summary>What a process wrote of itself, in seconds of the host's uptime.</summary>
/// <param name="Began">When it began.</param>
/// <param name="Ended">When it ended by itself; null where it was killed.</param>
internal sealed record JournalEntry(double Began, double? Ended)
{
    /// <summary>A shell's commands that write it to /journal, where the host's /proc is at /host.</summary>
    public static string Script(string name, string work) =>
        $"read pid x < /host/self/stat; read up x < /host/uptime; echo $pid $up >> /journal/{name}; {work}; read up x < /host/uptime; echo $pid $up >> /journal/{name}";

    public static double Now() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>The processes of a file, by their ids on the host.</summary>
    public static Dictionary<int, JournalEntry> Read(string path)
    {
        var entries = new Dictionary<int, JournalEntry>();
        foreach (var line in File.Exists(path) ? File.ReadAllLines(path) : [])
        {
            var fields = line.Split(' ');
            var (pid, at) = (int.Parse(fields[0]), double.Parse(fields[1], CultureInfo.InvariantCulture));
            entries[pid] = entries.TryGetValue(pid, out var begun) ? begun with { Ended = at } : new JournalEntry(at, null);
        }

        return entries;
    }
}
