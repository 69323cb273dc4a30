namespace Containerd.Client.Oci;

/// <summary>Reads mounts as people write them for ctr and for Docker.</summary>
public static class MountParser
{
    private const string Allowed = "type=bind,src=/host/path,dst=/path,options=rbind:ro or /host/path:/path[:ro] is wanted";

    private static readonly string[] ShortOptions =
        ["ro", "rw", "private", "rprivate", "shared", "rshared", "slave", "rslave", "nosuid", "nodev", "noexec", "bind", "rbind"];

    /// <summary>
    /// Reads ctr's form <c>type=bind,src=/a,dst=/b,options=rbind:ro</c> (also <c>source</c>, <c>destination</c>,
    /// <c>target</c>) or Docker's short form <c>/a:/b[:ro]</c>.
    /// </summary>
    /// <remarks>
    /// Where the type is left out it is <c>bind</c>; a bind mount without <c>bind</c> or <c>rbind</c> gets <c>rbind</c>,
    /// because a runtime would else look for a file system of that name. A value with a comma in it is put in quotes.
    /// </remarks>
    /// <exception cref="FormatException">The text has another form, or a path is missing or not absolute.</exception>
    public static CtrSpecMount Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var mount = text.StartsWith('/') ? ParseShort(text) : ParseLong(text);
        mount.Type ??= "bind";
        Validate(mount, text);
        if (mount.Type == "bind" && !IsBind(mount))
        {
            mount.Options.Insert(0, "rbind");
        }

        return mount;
    }

    /// <summary>Checks a mount, however it was made.</summary>
    /// <exception cref="FormatException">A path is missing or not absolute.</exception>
    internal static void Validate(CtrSpecMount mount) => Validate(mount, $"{mount.Source}:{mount.Destination}");

    private static void Validate(CtrSpecMount mount, string text)
    {
        if (!LinuxPath.IsAbsolute(mount.Destination))
        {
            throw new FormatException($"The destination of the mount '{text}' must be an absolute path inside the container without '..': {Allowed}.");
        }

        if ((mount.Type == "bind" || IsBind(mount)) && mount.Source != "/" && !LinuxPath.IsAbsolute(mount.Source ?? ""))
        {
            throw new FormatException($"The source of the bind mount '{text}' must be an absolute path of the daemon's host without '..': {Allowed}.");
        }
    }

    private static bool IsBind(CtrSpecMount mount) => mount.Options.Contains("bind") || mount.Options.Contains("rbind");

    private static CtrSpecMount ParseShort(string text)
    {
        var parts = text.Split(':');
        var options = parts.Length == 3 ? parts[2].Split(',') : [];
        if (parts.Length is < 2 or > 3)
        {
            throw new FormatException($"'{text}' is not a mount: {Allowed}.");
        }

        if (options.FirstOrDefault(o => !ShortOptions.Contains(o)) is { } unknown)
        {
            throw new FormatException($"'{unknown}' is not an option of the mount '{text}': {string.Join(", ", ShortOptions)} are allowed.");
        }

        return new() { Source = parts[0], Destination = parts[1], Options = [.. options] };
    }

    private static CtrSpecMount ParseLong(string text)
    {
        var mount = new CtrSpecMount();
        foreach (var field in Fields(text))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var value = field[(equals + 1)..];
            switch (equals < 0 ? "" : field[..equals])
            {
                case "type":
                    mount.Type = value;
                    break;
                case "source" or "src":
                    mount.Source = value;
                    break;
                case "destination" or "dst" or "target":
                    mount.Destination = value;
                    break;
                case "options":
                    mount.Options = [.. value.Split(':', StringSplitOptions.RemoveEmptyEntries)];
                    break;
                default:
                    throw new FormatException($"'{field}' is not a part of a mount: type=, src=, dst= and options= are allowed. {Allowed}.");
            }
        }

        return mount;
    }

    /// <summary>Splits at commas; a field in double quotes may hold commas, and a quote written twice.</summary>
    private static List<string> Fields(string text)
    {
        var fields = new List<string>();
        var rest = text.AsSpan();
        while (true)
        {
            if (!rest.StartsWith("\""))
            {
                var comma = rest.IndexOf(',');
                fields.Add((comma < 0 ? rest : rest[..comma]).ToString());
                if (comma < 0)
                {
                    return fields;
                }

                rest = rest[(comma + 1)..];
                continue;
            }

            var end = 1;
            while (end < rest.Length && (rest[end] != '"' || rest[(end + 1)..].StartsWith("\"")))
            {
                end += rest[end] == '"' ? 2 : 1;
            }

            if (end >= rest.Length || (end + 1 < rest.Length && rest[end + 1] != ','))
            {
                throw new FormatException($"A quote in the mount '{text}' is not closed, or something other than a comma follows it.");
            }

            fields.Add(rest[1..end].ToString().Replace("\"\"", "\"", StringComparison.Ordinal));
            if (end + 1 == rest.Length)
            {
                return fields;
            }

            rest = rest[(end + 2)..];
        }
    }
}
