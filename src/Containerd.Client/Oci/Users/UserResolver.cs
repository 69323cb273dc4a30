namespace Containerd.Client.Oci.Users;

/// <summary>
/// Finds ids and groups for a user as people and images write it: <c>user</c>, <c>uid</c>, <c>user:group</c>,
/// <c>uid:gid</c> or a mix.
/// </summary>
internal static class UserResolver
{
    /// <param name="user">The user; null or empty is root.</param>
    /// <param name="accounts">The files of the root file system.</param>
    /// <exception cref="FormatException">The user or group does not exist, or a number is too large.</exception>
    internal static CtrSpecUser Resolve(string? user, AccountFiles accounts)
    {
        if (string.IsNullOrEmpty(user))
        {
            return WithGroups(0, 0, "root", accounts);
        }

        var parts = user.Split(':');
        if (parts.Length > 2)
        {
            throw new FormatException($"'{user}' is not a user: user, uid, user:group, uid:gid, user:gid or uid:group is wanted.");
        }

        var (uid, gid, name) = User(parts[0], user, accounts);
        if (parts.Length == 2)
        {
            gid = Group(parts[1], user, accounts);
        }

        return WithGroups(uid, gid, name, accounts);
    }

    private static (uint Uid, uint Gid, string? Name) User(string text, string whole, AccountFiles accounts)
    {
        if (text.Length == 0)
        {
            return (0, 0, ByUid(0, accounts)?.Name);
        }

        if (IsNumber(text))
        {
            var uid = Number(text, whole);
            var known = ByUid(uid, accounts);
            return (uid, known?.Gid ?? 0, known?.Name);
        }

        var entry = accounts.Passwd?.Entries.FirstOrDefault(e => e.Name == text)
            ?? throw new FormatException(accounts.Passwd is null
                ? $"The user '{text}' can't be looked up: the root file system has no /etc/passwd. A numeric id works without."
                : $"The user '{text}' is not in /etc/passwd of the root file system.");
        return (entry.Uid, entry.Gid, entry.Name);
    }

    private static uint Group(string text, string whole, AccountFiles accounts)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        if (IsNumber(text))
        {
            return Number(text, whole);
        }

        var entry = accounts.Group?.Entries.FirstOrDefault(e => e.Name == text)
            ?? throw new FormatException(accounts.Group is null
                ? $"The group '{text}' can't be looked up: the root file system has no /etc/group. A numeric id works without."
                : $"The group '{text}' is not in /etc/group of the root file system.");
        return entry.Gid;
    }

    /// <summary>The primary group comes first, then those that name the user as a member.</summary>
    private static CtrSpecUser WithGroups(uint uid, uint gid, string? name, AccountFiles accounts)
    {
        var further = name is null || accounts.Group is null
            ? []
            : accounts.Group.Entries.Where(g => g.Name != name && g.Members.Contains(name)).Select(g => g.Gid).ToList();
        return new() { Uid = uid, Gid = gid, AdditionalGids = further.Contains(gid) ? further : [gid, .. further] };
    }

    private static PasswdEntry? ByUid(uint uid, AccountFiles accounts) =>
        accounts.Passwd?.Entries.FirstOrDefault(e => e.Uid == uid);

    private static bool IsNumber(string text) => text.All(char.IsAsciiDigit);

    // A number is never looked up as a name: CVE-2024-40635.
    private static uint Number(string text, string whole) =>
        AccountLines.TryId(text, out var id)
            ? id
            : throw new FormatException($"The id {text} in '{whole}' is too large: 0 to {int.MaxValue} is allowed.");
}
