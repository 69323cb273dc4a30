namespace Containerd.Client;

/// <summary>The keys that leave a process running and give the terminal back: <c>ctrl-p,ctrl-q</c>, as docker and ctr write them.</summary>
public sealed class DetachKeys
{
    private readonly byte[] _keys;

    private DetachKeys(byte[] keys, string text)
    {
        _keys = keys;
        Text = text;
    }

    /// <summary>Ctrl+P, then Ctrl+Q.</summary>
    public static DetachKeys Default { get; } = Parse("ctrl-p,ctrl-q");

    /// <summary>As they were written.</summary>
    public string Text { get; }

    /// <summary>The bytes that a terminal sends for them.</summary>
    internal ReadOnlySpan<byte> Keys => _keys;

    /// <summary>Reads keys.</summary>
    /// <param name="text">
    /// Keys with commas between them: a character of ASCII, or <c>ctrl-</c> with a letter or one of <c>@ [ \ ] ^ _</c>. Empty for none.
    /// </param>
    /// <exception cref="FormatException">It is none of that.</exception>
    public static DetachKeys Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new DetachKeys(text.Length == 0 ? [] : [.. text.Split(',').Select(ParseKey)], text);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static byte ParseKey(string key)
    {
        const string Control = "ctrl-";
        if (key.Length == 1 && key[0] is > ' ' and < '\x7f')
        {
            return (byte)key[0];
        }

        bool isControl = key.Length == Control.Length + 1 && key.StartsWith(Control, StringComparison.OrdinalIgnoreCase);
        char letter = isControl ? char.ToUpperInvariant(key[^1]) : '\0';
        return letter is >= '@' and <= '_'
            ? (byte)(letter - '@')
            : throw new FormatException($"'{key}' is no key: write a character, or ctrl- and a letter, as in ctrl-p,ctrl-q.");
    }
}
