using Containerd.Client;

namespace Containerd.PowerShell.Containers;

/// <summary>A container, or an exec in it, on the daemon that has it.</summary>
internal readonly record struct ContainerTarget(ContainerdClient Client, string Id, string? ExecId = null)
{
    /// <summary>The container's id, and the exec's where it is one.</summary>
    public string Name => ExecId is null ? Id : $"{Id}/{ExecId}";
}
