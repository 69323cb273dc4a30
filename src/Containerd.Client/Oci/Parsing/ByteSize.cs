using System.Globalization;

namespace Containerd;

/// <summary>Reads and writes sizes as people do.</summary>
public static class ByteSize
{
    private const string Allowed = "a whole number of bytes, or a number with one of the units k, m, g, t, p (also KB, KiB …), each 1024 times the one before, such as 512m, 1.5GiB or 64MB";

    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Reads a size; units are powers of 1024, with any case, as in PowerShell and Docker.</summary>
    /// <param name="text">Such as <c>67108864</c>, <c>64MiB</c>, <c>64MB</c>, <c>64m</c> or <c>1.5g</c>.</param>
    /// <returns>Bytes; a part of a byte is dropped.</returns>
    /// <exception cref="FormatException">The text is not a size, is negative or is more than 2^63-1 bytes.</exception>
    public static long Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.AsSpan().Trim();
        var length = 0;
        while (length < trimmed.Length && (char.IsAsciiDigit(trimmed[length]) || trimmed[length] == '.'))
        {
            length++;
        }

        var number = trimmed[..length];
        var unit = trimmed[length..].Trim().ToString().ToUpperInvariant();
        var shift = unit switch
        {
            "" or "B" => 0,
            "K" or "KB" or "KIB" => 10,
            "M" or "MB" or "MIB" => 20,
            "G" or "GB" or "GIB" => 30,
            "T" or "TB" or "TIB" => 40,
            "P" or "PB" or "PIB" => 50,
            _ => -1,
        };
        if (shift < 0 || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || (shift == 0 && number.Contains('.')))
        {
            throw new FormatException($"'{text}' is not a size: {Allowed} is wanted.");
        }

        return value <= (decimal)long.MaxValue / (1L << shift)
            ? (long)(value * (1L << shift))
            : throw new FormatException($"The size '{text}' is too large: {long.MaxValue} bytes is the most.");
    }

    /// <summary>Writes a size for people, with one decimal of the largest unit that fits, by the current culture.</summary>
    /// <param name="bytes">The size in bytes.</param>
    /// <returns>Such as <c>512 B</c>, <c>1.5 KiB</c> or <c>2.0 GiB</c>.</returns>
    public static string Format(long bytes)
    {
        // Less would be rounded to 1024.0 of a unit.
        const double Next = 1023.95;
        double value = bytes;
        var unit = 0;
        while (value >= (unit == 0 ? 1024 : Next) && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Format(CultureInfo.CurrentCulture, unit == 0 ? "{0:0} {1}" : "{0:0.0} {1}", value, s_units[unit]);
    }
}
