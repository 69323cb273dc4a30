namespace Containerd;

/// <summary>Anything that points at a container, or at a process in one, on a certain daemon: what cmdlets take from the pipeline.</summary>
public interface IContainerReference
{
    /// <summary>The container's id.</summary>
    string ContainerId { get; }

    /// <summary>The id of an exec in it; null for the container's own task.</summary>
    string? ExecId { get; }

    /// <summary>The daemon's address.</summary>
    string Address { get; }

    /// <summary>containerd's namespace.</summary>
    string Namespace { get; }
}
