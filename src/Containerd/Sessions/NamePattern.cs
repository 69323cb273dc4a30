using System.Management.Automation;

namespace Containerd.PowerShell.Sessions;

/// <summary>A name that a person typed, with or without wildcards. Case counts for nothing.</summary>
internal sealed class NamePattern(string text)
{
    private readonly WildcardPattern _pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase);

    /// <summary>What was typed.</summary>
    public string Text => text;

    /// <summary>Whether it means one name, so that its absence is an error.</summary>
    public bool IsLiteral { get; } = !WildcardPattern.ContainsWildcardCharacters(text);

    public bool Matches(string name) =>
        IsLiteral ? string.Equals(text, name, StringComparison.OrdinalIgnoreCase) : _pattern.IsMatch(name);

    /// <summary>Whether any of the patterns fits; none at all fit everything.</summary>
    public static bool AnyMatches(NamePattern[] patterns, string name) =>
        patterns.Length == 0 || patterns.Any(pattern => pattern.Matches(name));

    public static NamePattern[] FromAll(string[]? texts) => Array.ConvertAll(texts ?? [], text => new NamePattern(text));
}
