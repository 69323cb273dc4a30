using System.Text.Json.Serialization;

namespace Containerd;

/// <summary>The root file system of a container.</summary>
public sealed class CtrSpecRoot : CtrSpecObject
{
    /// <summary>Where the root lies: a path of the daemon's host, or relative to the bundle.</summary>
    public string Path { get; set => field = value ?? ""; } = "";

    /// <summary>Whether the root is mounted read-only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Readonly { get; set; }
}
