using System.Globalization;
using System.Text;

namespace Containerd.Client.Oci.Users;

/// <summary>The form that passwd and group share: lines of fields between colons.</summary>
internal static class AccountLines
{
    internal static List<string[]> Read(ReadOnlySpan<byte> content)
    {
        var lines = new List<string[]>();
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            var text = line.Trim();
            if (text.Length > 0 && text[0] != '#' && text[0] != ':')
            {
                lines.Add(text.Split(':'));
            }
        }

        return lines;
    }

    /// <summary>Reads an id; runc takes none above 2^31-1.</summary>
    internal static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id <= int.MaxValue;
}
