using System.Text.RegularExpressions;

namespace Containerd.Client.Oci;

/// <summary>The full name of an image, as containerd's clients agree on it.</summary>
/// <remarks>
/// Short names are completed as Docker and nerdctl do: <c>busybox</c> is <c>docker.io/library/busybox:latest</c>.
/// A tag beside a digest is dropped, because the digest alone decides.
/// Source: the grammar of the distribution project's references.
/// </remarks>
public sealed partial record ImageReference
{
    private const string DefaultDomain = "docker.io";

    private const string OfficialPrefix = "library/";

    private const string Allowed = "[registry[:port]/]name[:tag][@digest] is wanted, the name in lower case, such as busybox, docker.io/library/busybox:1.36 or localhost:5000/team/app@sha256:…";

    private const int MaximumNameLength = 255;

    private ImageReference(string domain, string path, string? tag, string? digest) =>
        (Domain, Path, Tag, Digest) = (domain, path, tag, digest);

    /// <summary>The registry's host, with its port where one is given.</summary>
    public string Domain { get; }

    /// <summary>The repository in the registry.</summary>
    public string Path { get; }

    /// <summary>The tag; null where there is a digest.</summary>
    public string? Tag { get; }

    /// <summary>The digest; null where there is a tag.</summary>
    public string? Digest { get; }

    /// <summary>Reads and completes a name.</summary>
    /// <exception cref="FormatException">The text is not the name of an image.</exception>
    public static ImageReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var digest = at < 0 ? null : text[(at + 1)..];
        var name = at < 0 ? text : text[..at];
        if (digest is not null && !ContentDigest.IsValid(digest))
        {
            throw new FormatException($"'{text}' is not the name of an image: what follows '@' must be a digest, sha256: and 64 hexadecimal digits.");
        }

        var colon = name.LastIndexOf(':');
        var hasTag = colon > name.LastIndexOf('/');
        var tag = hasTag ? name[(colon + 1)..] : null;
        if (tag is not null && !TagForm().IsMatch(tag))
        {
            throw new FormatException($"'{text}' is not the name of an image: the tag '{tag}' must have 1 to 128 letters, digits, '_', '.' or '-', the first no '.' or '-'.");
        }

        var (domain, path) = Split(hasTag ? name[..colon] : name);
        if (domain.Length + 1 + path.Length > MaximumNameLength || !PathForm().IsMatch(path) || !DomainForm().IsMatch(domain) || BareId().IsMatch(text))
        {
            throw new FormatException($"'{text}' is not the name of an image: {Allowed}.");
        }

        return new(domain, path, digest is null ? tag ?? "latest" : null, digest);
    }

    /// <summary>The full name, <c>registry/repository:tag</c> or <c>registry/repository@digest</c>.</summary>
    public override string ToString() => Digest is null ? $"{Domain}/{Path}:{Tag}" : $"{Domain}/{Path}@{Digest}";

    private static (string Domain, string Path) Split(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        // A first part is a host only where it can't be a part of a repository's name.
        var isHost = first == "localhost" || first.AsSpan().IndexOfAny('.', ':') >= 0 || first.Any(char.IsAsciiLetterUpper);
        var domain = isHost ? first : DefaultDomain;
        var path = isHost ? name[(slash + 1)..] : name;
        if (domain is DefaultDomain or "index.docker.io")
        {
            domain = DefaultDomain;
            path = path.Contains('/', StringComparison.Ordinal) ? path : OfficialPrefix + path;
        }

        return (domain, path);
    }

    [GeneratedRegex(@"\A[\w][\w.-]{0,127}\z", RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex TagForm();

    [GeneratedRegex(@"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathForm();

    [GeneratedRegex(@"\A(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainForm();

    [GeneratedRegex(@"\A[a-f0-9]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex BareId();
}
