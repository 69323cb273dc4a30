namespace Containerd.Client.Oci.Images;

/// <summary>Names inside archives, confined to the archive's root.</summary>
internal static class ArchivePath
{
    /// <summary>Takes <c>./</c>, doubled and closing slashes away.</summary>
    /// <exception cref="InvalidDataException">The name is absolute, empty, or holds <c>..</c>, a backslash or a NUL.</exception>
    internal static string Normalize(string name)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return name.StartsWith('/') || parts.Contains("..") || name.AsSpan().IndexOfAny('\\', '\0') >= 0
            ? throw Outside(name)
            : string.Join('/', parts.Where(p => p != "."));
    }

    /// <summary>The name that a symbolic link's target stands for.</summary>
    /// <exception cref="InvalidDataException">The target leaves the archive's root.</exception>
    internal static string Resolve(string link, string target)
    {
        if (target.StartsWith('/'))
        {
            throw Outside(target);
        }

        var parts = new List<string>(link.Split('/')[..^1]);
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                {
                    throw Outside(target);
                }

                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return Normalize(string.Join('/', parts));
    }

    /// <summary>The path of a layer's entry, which may be written from the root.</summary>
    /// <exception cref="InvalidDataException">The name holds <c>..</c> or a NUL.</exception>
    internal static string NormalizeRooted(string name)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Contains("..") || name.Contains('\0', StringComparison.Ordinal)
            ? throw Outside(name)
            : string.Join('/', parts.Where(p => p != "."));
    }

    /// <summary>Where a symbolic link inside a root file system leads; as in a chroot, <c>..</c> ends at the root.</summary>
    internal static string ResolveRooted(string link, string target)
    {
        var parts = target.StartsWith('/') ? [] : new List<string>(link.Split('/')[..^1]);
        foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private static InvalidDataException Outside(string name) =>
        new($"The archive is refused: its entry or link '{name}' would lie outside of it.");
}
