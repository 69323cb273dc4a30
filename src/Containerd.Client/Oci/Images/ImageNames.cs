namespace Containerd.Client.Oci.Images;

/// <summary>The names that archives give to images.</summary>
internal static class ImageNames
{
    internal const string ContainerdName = "io.containerd.image.name";

    internal const string RefName = "org.opencontainers.image.ref.name";

    /// <summary>
    /// containerd's annotation, else OCI's reference name where it is a full one (a tag alone doesn't name an image);
    /// both as they stand, as ctr takes them.
    /// </summary>
    /// <exception cref="InvalidDataException">The name holds blanks or control characters.</exception>
    internal static string? Of(CtrDescriptor target)
    {
        if (target.Annotations.TryGetValue(ContainerdName, out var name) && name.Length > 0)
        {
            return Checked(name);
        }

        return target.Annotations.TryGetValue(RefName, out var reference) && reference.AsSpan().IndexOfAny("/:@") >= 0
            ? Checked(reference)
            : null;
    }

    /// <summary>A tag of docker save, completed.</summary>
    /// <exception cref="InvalidDataException">The name is not that of an image.</exception>
    internal static string OfTag(string tag)
    {
        try
        {
            return ImageReference.Parse(tag).ToString();
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"The archive names an image in a way that can't be used: {e.Message}", e);
        }
    }

    private static string Checked(string name) => name.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
        ? throw new InvalidDataException($"The archive names an image '{name}': blanks and control characters are not allowed in a name.")
        : name;
}
