using System.Diagnostics.CodeAnalysis;

namespace Containerd;

/// <summary>The standard stream a line of output came from.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "\"Standard stream\" is the field's term.")]
public enum CtrOutputStream
{
    /// <summary>Standard output; also everything a terminal shows and everything in a log file that holds both.</summary>
    StandardOutput,

    /// <summary>Standard error.</summary>
    StandardError,
}
