namespace Containerd;

/// <summary>Which of a container's processes one is.</summary>
public enum CtrProcessKind
{
    /// <summary>A child of another process of the container, of which containerd knows the process id alone.</summary>
    Child,

    /// <summary>The first process of the container's task.</summary>
    Init,

    /// <summary>An exec.</summary>
    Exec,
}
