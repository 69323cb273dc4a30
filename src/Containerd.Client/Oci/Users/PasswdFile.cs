using System.Globalization;
using System.Text;

namespace Containerd.Client.Oci.Users;

/// <summary>A user of /etc/passwd.</summary>
internal sealed record PasswdEntry(string Name, uint Uid, uint Gid, string Home);

/// <summary>/etc/passwd, see passwd(5). Lines without a name or with ids out of range name nobody.</summary>
internal sealed record PasswdFile(IReadOnlyList<PasswdEntry> Entries)
{
    internal static PasswdFile Parse(ReadOnlySpan<byte> content)
    {
        var entries = new List<PasswdEntry>();
        foreach (var fields in AccountLines.Read(content))
        {
            if (fields.Length >= 4 && AccountLines.TryId(fields[2], out var uid) && AccountLines.TryId(fields[3], out var gid))
            {
                entries.Add(new(fields[0], uid, gid, fields.Length > 5 ? fields[5] : ""));
            }
        }

        return new(entries);
    }
}

/// <summary>A group of /etc/group.</summary>
internal sealed record GroupEntry(string Name, uint Gid, IReadOnlyList<string> Members);

/// <summary>/etc/group, see group(5). Lines without a name or with an id out of range name no group.</summary>
internal sealed record GroupFile(IReadOnlyList<GroupEntry> Entries)
{
    internal static GroupFile Parse(ReadOnlySpan<byte> content)
    {
        var entries = new List<GroupEntry>();
        foreach (var fields in AccountLines.Read(content))
        {
            if (fields.Length >= 3 && AccountLines.TryId(fields[2], out var gid))
            {
                var members = fields.Length > 3
                    ? fields[3].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    : [];
                entries.Add(new(fields[0], gid, members));
            }
        }

        return new(entries);
    }
}

/// <summary>The form that passwd and group share: lines of fields between colons.</summary>
internal static class AccountLines
{
    internal static List<string[]> Read(ReadOnlySpan<byte> content)
    {
        var lines = new List<string[]>();
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            var text = line.Trim();
            if (text.Length > 0 && text[0] != '#' && text[0] != ':')
            {
                lines.Add(text.Split(':'));
            }
        }

        return lines;
    }

    /// <summary>Reads an id; runc takes none above 2^31-1.</summary>
    internal static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= int.MaxValue;
}
