using System.Text;

namespace Containerd.Client.Oci;

/// <summary>Reads and checks labels.</summary>
public static class LabelParser
{
    /// <summary>The most bytes in UTF-8 that the key and value of a label have together; containerd's limit.</summary>
    public const int MaximumBytes = 4096;

    /// <summary>Reads <c>key=value</c>; a key alone has an empty value.</summary>
    /// <exception cref="FormatException">The key is empty, or the label is longer than <see cref="MaximumBytes"/>.</exception>
    public static KeyValuePair<string, string> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var (key, value) = equals < 0 ? (text, "") : (text[..equals], text[(equals + 1)..]);
        Validate(key, value);
        return new(key, value);
    }

    /// <summary>Checks a label.</summary>
    /// <exception cref="FormatException">The key is empty, or the label is longer than <see cref="MaximumBytes"/>.</exception>
    public static void Validate(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (key.Length == 0)
        {
            throw new FormatException($"The label '={value}' has no key: key=value is wanted.");
        }

        var bytes = LengthOf(key, value);
        if (bytes > MaximumBytes)
        {
            throw new FormatException($"The label '{Shorten(key)}' has {bytes} bytes: key and value may have {MaximumBytes} together.");
        }
    }

    /// <summary>Whether containerd would take the label.</summary>
    internal static bool IsValid(string key, string value) => key.Length > 0 && LengthOf(key, value) <= MaximumBytes;

    private static int LengthOf(string key, string value) => Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);

    private static string Shorten(string key) => key.Length <= 64 ? key : key[..64] + "…";
}
