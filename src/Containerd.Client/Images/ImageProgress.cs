namespace Containerd.Client;

/// <summary>What is being done with a part of an image.</summary>
public enum ImageStage
{
    /// <summary>A blob goes to the daemon.</summary>
    Storing,

    /// <summary>A layer is unpacked into a snapshot.</summary>
    Unpacking,
}

/// <summary>How far an import is with one part of an image.</summary>
/// <param name="Stage">What is done with the part.</param>
/// <param name="Part">The part: its digest, or its place in the archive where the digest is not known before the end.</param>
/// <param name="Bytes">The bytes done; an unpacking layer has none until it has all.</param>
/// <param name="TotalBytes">The bytes of the part.</param>
public readonly record struct ImageProgress(ImageStage Stage, string Part, long Bytes, long TotalBytes);
