using System.Globalization;
using System.Text;

namespace Containerd.Client;

/// <summary>Writes filters in containerd's language, with values quoted so that they can hold anything.</summary>
/// <remarks>Source: containerd's package filters. Parts joined by a comma must all hold; of several filters any.</remarks>
public static class CtrFilter
{
    /// <summary>A field that has a value, such as <c>id=="web"</c>.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="value">The value.</param>
    public static string Equal(string field, string value) => $"{field}=={Quote(value)}";

    /// <summary>A field whose value fits a regular expression, such as <c>topic~="^/tasks/"</c>.</summary>
    /// <param name="field">The field's name.</param>
    /// <param name="pattern">The expression, in RE2's syntax.</param>
    public static string Match(string field, string pattern) => $"{field}~={Quote(pattern)}";

    /// <summary>A label that has a value; with an empty one a label that is there.</summary>
    /// <param name="key">The label's key.</param>
    /// <param name="value">The label's value.</param>
    public static string Label(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length == 0 ? $"labels.{Quote(key)}" : Equal($"labels.{Quote(key)}", value);
    }

    /// <summary>One filter of parts that must all hold.</summary>
    /// <param name="parts">Filters; empty ones hold always.</param>
    public static string All(IEnumerable<string> parts) => string.Join(',', parts.Where(part => !string.IsNullOrWhiteSpace(part)));

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or '\x7f' => quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
