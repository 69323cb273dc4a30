using System.Text.Json.Serialization;
using Containerd.Client.Oci;

namespace Containerd;

/// <summary>A mount inside a container.</summary>
/// <remarks>Source: OCI runtime specification, config.md, section Mounts.</remarks>
public sealed class CtrSpecMount : CtrSpecObject
{
    /// <summary>Where it is mounted: an absolute path inside the container.</summary>
    public string Destination { get; set => field = value ?? ""; } = "";

    /// <summary>The file system, such as <c>bind</c>, <c>tmpfs</c> or <c>proc</c>.</summary>
    public string? Type { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>What is mounted: for a bind mount a path of the daemon's host.</summary>
    public string? Source { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Options as in fstab(5), such as <c>rbind</c> and <c>ro</c>.</summary>
    public List<string> Options { get; set => field = value ?? []; } = [];

    /// <summary>User ids mapped on this mount alone.</summary>
    public List<CtrSpecIdMapping> UidMappings { get; set => field = value ?? []; } = [];

    /// <summary>Group ids mapped on this mount alone.</summary>
    public List<CtrSpecIdMapping> GidMappings { get; set => field = value ?? []; } = [];
}

/// <summary>A range of ids inside a container and the range on the host that it stands for.</summary>
public sealed class CtrSpecIdMapping : CtrSpecObject
{
    /// <summary>The first id inside the container.</summary>
    [JsonPropertyName("containerID")]
    public uint ContainerId { get; set; }

    /// <summary>The first id on the host.</summary>
    [JsonPropertyName("hostID")]
    public uint HostId { get; set; }

    /// <summary>How many ids.</summary>
    public uint Size { get; set; }
}
