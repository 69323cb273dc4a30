using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>Reads resource limits as people write them.</summary>
public static class RlimitParser
{
    private const string Prefix = "RLIMIT_";

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
        var name = given.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? given[Prefix.Length..] : given;
        var soft = Value(values[0], text);
        var hard = values.Length == 2 ? Value(values[1], text) : soft;
        var limit = new CtrSpecRlimit { Type = Prefix + name.ToUpperInvariant(), Soft = soft, Hard = hard };
        Validate(limit);
        return limit;
    }

    /// <summary>Checks a limit, however it was made.</summary>
    /// <exception cref="FormatException">The name is unknown, or soft is more than hard.</exception>
    internal static void Validate(CtrSpecRlimit limit)
    {
        if (!Names.Any(name => limit.Type == Prefix + name.ToUpperInvariant()))
        {
            throw new FormatException($"'{limit.Type}' is not a resource limit: one of {string.Join(", ", Names)} is wanted.");
        }

        if (limit.Soft > limit.Hard)
        {
            throw new FormatException($"The soft limit {limit.Soft} of {limit.Type} is more than the hard one, {limit.Hard}: it must be the same or less.");
        }
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
