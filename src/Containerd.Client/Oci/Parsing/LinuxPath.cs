namespace Containerd.Client.Oci;

/// <summary>Paths of a Linux machine, on whatever machine this runs.</summary>
internal static class LinuxPath
{
    /// <summary>Whether the path begins at the root, is more than the root, and names no parent.</summary>
    internal static bool IsAbsolute(string path) =>
        path.Length > 1 && path[0] == '/' && path.Trim('/').Length > 0
        && !path.Contains('\0', StringComparison.Ordinal) && !path.Split('/').Contains("..");
}
