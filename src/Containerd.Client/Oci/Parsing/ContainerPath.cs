namespace Containerd.Client.Oci;

/// <summary>A path in a container, written <c>id:/path</c>.</summary>
/// <param name="ContainerId">The container's id.</param>
/// <param name="Path">The absolute path.</param>
public sealed record ContainerPath(string ContainerId, string Path)
{
    /// <summary>Reads what a person typed; null for any other path.</summary>
    /// <param name="text">The text, such as <c>web:/etc/hosts</c>.</param>
    public static ContainerPath? TryParse(string? text)
    {
        int colon = text?.IndexOf(":/", StringComparison.Ordinal) ?? -1;
        return colon > 0 && Identifier.IsValid(text![..colon]) ? new ContainerPath(text[..colon], text[(colon + 1)..]) : null;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => $"{ContainerId}:{Path}";
}
