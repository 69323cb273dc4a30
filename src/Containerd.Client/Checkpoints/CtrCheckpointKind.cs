namespace Containerd;

/// <summary>What holds a checkpoint.</summary>
public enum CtrCheckpointKind
{
    /// <summary>A directory on this machine, with the memory alone.</summary>
    Directory,

    /// <summary>A directory on the daemon's host, with the memory alone, which CRIU wrote and reads itself.</summary>
    ImagePath,

    /// <summary>An image in the daemon's content store.</summary>
    Image,
}
