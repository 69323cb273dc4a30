using System.Text;

namespace Containerd.Client;

/// <summary>What containerd takes as a label.</summary>
internal static class ContainerLabel
{
    /// <summary>The most bytes in UTF-8 that the key and value of a label have together.</summary>
    private const int MaximumBytes = 4096;

    /// <summary>Checks a label that somebody asks for.</summary>
    /// <exception cref="FormatException">The key or the value is empty, or they are longer than containerd allows.</exception>
    public static void Validate(string key, string value)
    {
        if (key.Length == 0)
        {
            throw new FormatException($"The label '={value}' has no key: key=value is wanted.");
        }

        // The daemon takes it, and forgets it.
        if (value.Length == 0)
        {
            throw new FormatException($"The label '{Shorten(key)}' has no value, and containerd keeps none without one: key=value is wanted.");
        }

        int bytes = LengthOf(key, value);
        if (bytes > MaximumBytes)
        {
            throw new FormatException($"The label '{Shorten(key)}' has {bytes} bytes: key and value may have {MaximumBytes} together.");
        }
    }

    /// <summary>Whether containerd takes the label and keeps it.</summary>
    public static bool IsValid(string key, string value) => key.Length > 0 && value.Length > 0 && LengthOf(key, value) <= MaximumBytes;

    private static int LengthOf(string key, string value) => Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);

    private static string Shorten(string key) => key.Length <= 64 ? key : key[..64] + "…";
}
