using Containerd.Client.Oci;

namespace Containerd.Client.Archives;

/// <summary>One of the two sides of a copy.</summary>
/// <param name="Path">The absolute path.</param>
/// <param name="ContainerId">The container that it is in; null for this host.</param>
/// <param name="Tree">The container's root directory; null for this host's.</param>
internal sealed record CopyPlace(string Path, string? ContainerId = null, FileTree? Tree = null)
{
    /// <summary>As a person writes it.</summary>
    public override string ToString() => ContainerId is null ? Path : new ContainerPath(ContainerId, Path).ToString();
}
