namespace Containerd.Client.Archives;

/// <summary>What a copy has come to.</summary>
internal sealed class CopyCount
{
    /// <summary>Files and links.</summary>
    public long Files { get; set; }

    /// <summary>Bytes of the files.</summary>
    public long Size { get; set; }

    /// <summary>What was left out: devices, FIFOs, sockets, and what went while it was being copied.</summary>
    public long Skipped { get; set; }
}
