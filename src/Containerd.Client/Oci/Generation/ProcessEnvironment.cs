namespace Containerd.Client.Oci;

/// <summary>Environment variables laid over each other.</summary>
internal static class ProcessEnvironment
{
    /// <summary>
    /// <c>KEY=VALUE</c> takes the place of the variable of that name, or is appended; <c>KEY</c> alone removes it.
    /// The order of the first list is kept.
    /// </summary>
    /// <exception cref="FormatException">A variable has no name or holds a NUL.</exception>
    internal static List<string> Merge(IReadOnlyList<string> first, IReadOnlyList<string> over)
    {
        var result = new List<string>(first);
        foreach (var variable in over)
        {
            if (variable.Length == 0 || variable[0] == '=' || variable.Contains('\0', StringComparison.Ordinal))
            {
                throw new FormatException($"'{variable}' is not an environment variable: KEY=VALUE sets one, KEY alone removes it.");
            }

            var name = NameOf(variable);
            var index = result.FindIndex(v => NameOf(v).SequenceEqual(NameOf(variable)));
            if (name.Length == variable.Length)
            {
                result.RemoveAll(v => NameOf(v).SequenceEqual(NameOf(variable)));
            }
            else if (index >= 0)
            {
                result[index] = variable;
            }
            else
            {
                result.Add(variable);
            }
        }

        return result;
    }

    internal static bool Contains(IReadOnlyList<string> variables, string name) =>
        variables.Any(v => NameOf(v).SequenceEqual(name));

    private static ReadOnlySpan<char> NameOf(string variable)
    {
        var end = variable.IndexOf('=', StringComparison.Ordinal);
        return end < 0 ? variable : variable.AsSpan(0, end);
    }
}
