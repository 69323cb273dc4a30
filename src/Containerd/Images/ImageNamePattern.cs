using System.Management.Automation;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Images;

/// <summary>
/// What people type for the names of images. A name without wildcards means one image, <c>busybox</c> being
/// <c>docker.io/library/busybox:latest</c>; wildcards fit a name in full or as people shorten it.
/// </summary>
internal sealed class ImageNamePattern(string text)
{
    private const string DefaultRegistry = "docker.io/";
    private const string OfficialImages = "library/";
    private const string DefaultTag = ":latest";

    private readonly WildcardPattern? _wildcards =
        WildcardPattern.ContainsWildcardCharacters(text) ? WildcardPattern.Get(text, WildcardOptions.CultureInvariant) : null;

    /// <summary>What was typed.</summary>
    public string Text => text;

    /// <summary>Whether it means one image, so that its absence is an error.</summary>
    public bool IsLiteral => _wildcards is null;

    public bool Matches(string name) =>
        _wildcards is null ? name == text || name == FullName(text) : FormsOf(name).Any(_wildcards.IsMatch);

    /// <summary>The name in full, then without what Docker adds to a short one.</summary>
    public static IEnumerable<string> FormsOf(string name)
    {
        yield return name;
        if (!name.StartsWith(DefaultRegistry, StringComparison.Ordinal))
        {
            yield break;
        }

        string brief = name[DefaultRegistry.Length..];
        brief = brief.StartsWith(OfficialImages, StringComparison.Ordinal) ? brief[OfficialImages.Length..] : brief;
        yield return brief;
        if (brief.EndsWith(DefaultTag, StringComparison.Ordinal))
        {
            yield return brief[..^DefaultTag.Length];
        }
    }

    private static string? FullName(string text)
    {
        try
        {
            return ImageReference.Parse(text).ToString();
        }
        catch (FormatException)
        {
            // An image may be called anything.
            return null;
        }
    }
}
