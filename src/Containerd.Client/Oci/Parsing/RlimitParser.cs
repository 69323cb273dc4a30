using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>Reads resource limits as people write them.</summary>
public static class RlimitParser
{
    private static readonly string[] Names =
    [
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
        "rtprio", "rttime", "sigpending", "stack",
    ];

    /// <summary>Reads <c>name=soft</c> or <c>name=soft:hard</c>.</summary>
    /// <param name="text">Such as <c>nofile=1024:2048</c>; a value is a number, <c>-1</c> or <c>unlimited</c>.</param>
    /// <exception cref="FormatException">The text has another form, the name is unknown, or soft is more than hard.</exception>
    public static CtrSpecRlimit Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var values = equals < 0 ? [] : text[(equals + 1)..].Split(':');
        if (values.Length is 0 or > 2)
        {
            throw new FormatException($"'{text}' is not a resource limit: name=soft or name=soft:hard is wanted, such as nofile=1024:2048.");
        }

        var given = text[..equals].Trim();
        var name = (given.StartsWith("RLIMIT_", StringComparison.OrdinalIgnoreCase) ? given[7..] : given).ToUpperInvariant();
        if (!Names.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new FormatException($"'{given}' is not a resource limit: one of {string.Join(", ", Names)} is wanted.");
        }

        var soft = Value(values[0], text);
        var hard = values.Length == 2 ? Value(values[1], text) : soft;
        return soft <= hard
            ? new() { Type = "RLIMIT_" + name, Soft = soft, Hard = hard }
            : throw new FormatException($"The soft limit of '{text}' is more than the hard one.");
    }

    private static ulong Value(string text, string whole)
    {
        var value = text.Trim();
        if (value == "-1" || value.Equals("unlimited", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.MaxValue;
        }

        return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"'{text}' in '{whole}' is not a limit: a whole number from 0, -1 or unlimited is wanted.");
    }
}
