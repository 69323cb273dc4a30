namespace Containerd.Client.Oci.Users;

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
