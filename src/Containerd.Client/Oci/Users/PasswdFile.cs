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
