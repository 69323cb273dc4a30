namespace Containerd.Client;

/// <summary>Where a task's memory comes from.</summary>
/// <param name="Memory">CRIU's images as a tar in the content store.</param>
/// <param name="ImagePath">CRIU's images in a directory on the daemon's host.</param>
internal sealed record RestoreSource(CtrDescriptor? Memory = null, string? ImagePath = null);
