namespace Containerd.Client.Oci.Users;

/// <summary>The user and group files of a root file system; a part is null where the root has no such file.</summary>
internal sealed record AccountFiles(PasswdFile? Passwd, GroupFile? Group)
{
    // Real ones have a few kilobytes.
    private const long MaximumBytes = 1 << 20;

    internal static readonly AccountFiles None = new(null, null);

    /// <summary>Reads the files of a root file system on this machine. Links are not followed, for they may lead out of it.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    internal static AccountFiles Read(string root)
    {
        string etc = Path.Combine(root, "etc");
        return new DirectoryInfo(etc) is { Exists: true, LinkTarget: null }
            ? new(
                ReadFile(Path.Combine(etc, "passwd")) is { } passwd ? PasswdFile.Parse(passwd) : null,
                ReadFile(Path.Combine(etc, "group")) is { } group ? GroupFile.Parse(group) : null)
            : None;
    }

    private static byte[]? ReadFile(string path) =>
        new FileInfo(path) is { Exists: true, LinkTarget: null, Length: <= MaximumBytes } ? File.ReadAllBytes(path) : null;
}
