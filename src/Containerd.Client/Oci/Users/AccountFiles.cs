namespace Containerd.Client.Oci.Users;

/// <summary>The user and group files of a root file system; a part is null where the root has no such file.</summary>
internal sealed record AccountFiles(PasswdFile? Passwd, GroupFile? Group)
{
    internal static readonly AccountFiles None = new(null, null);
}
