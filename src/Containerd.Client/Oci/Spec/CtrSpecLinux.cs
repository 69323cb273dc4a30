using System.Text.Json.Serialization;
using Containerd.Client.Oci;

namespace Containerd;

/// <summary>The Linux section of a runtime spec.</summary>
/// <remarks>Source: OCI runtime specification, config-linux.md.</remarks>
public sealed class CtrSpecLinux : CtrSpecObject
{
    /// <summary>User ids of the container's user namespace.</summary>
    public List<CtrSpecIdMapping> UidMappings { get; set => field = value ?? []; } = [];

    /// <summary>Group ids of the container's user namespace.</summary>
    public List<CtrSpecIdMapping> GidMappings { get; set => field = value ?? []; } = [];

    /// <summary>Kernel parameters set inside the container.</summary>
    public Dictionary<string, string> Sysctl { get; set => field = value ?? []; } = [];

    /// <summary>Limits and devices of the container's control group.</summary>
    public CtrSpecResources? Resources { get; set; }

    /// <summary>The control group, relative to its mount point; with the systemd driver <c>slice:prefix:name</c>.</summary>
    public string? CgroupsPath { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Namespaces that the container gets or joins.</summary>
    public List<CtrSpecNamespace> Namespaces { get; set => field = value ?? []; } = [];

    /// <summary>Device nodes made inside the container.</summary>
    public List<CtrSpecDevice> Devices { get; set => field = value ?? []; } = [];

    /// <summary>How mounts under the root propagate: shared, slave, private or unbindable.</summary>
    public string? RootfsPropagation { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Paths that can't be read inside the container.</summary>
    public List<string> MaskedPaths { get; set => field = value ?? []; } = [];

    /// <summary>Paths that can't be written inside the container.</summary>
    public List<string> ReadonlyPaths { get; set => field = value ?? []; } = [];

    /// <summary>The SELinux label of the mounts.</summary>
    public string? MountLabel { get; set => field = SpecJson.NullIfEmpty(value); }
}

/// <summary>A Linux namespace.</summary>
public sealed class CtrSpecNamespace : CtrSpecObject
{
    /// <summary>The kind: pid, network, mount, ipc, uts, user, cgroup or time.</summary>
    public string Type { get; set => field = value ?? ""; } = "";

    /// <summary>A namespace file to join; null makes a new namespace.</summary>
    public string? Path { get; set => field = SpecJson.NullIfEmpty(value); }
}

/// <summary>A device node made inside a container.</summary>
public sealed class CtrSpecDevice : CtrSpecObject
{
    /// <summary>The node's absolute path inside the container.</summary>
    public string Path { get; set => field = value ?? ""; } = "";

    /// <summary>c: character, b: block, u: unbuffered character, p: FIFO.</summary>
    public string Type { get; set => field = value ?? ""; } = "";

    /// <summary>The major number.</summary>
    public long Major { get; set; }

    /// <summary>The minor number.</summary>
    public long Minor { get; set; }

    /// <summary>The permission bits, such as 0x1B6 for 0666; null for the runtime's default.</summary>
    public uint? FileMode { get; set; }

    /// <summary>The owner's user id.</summary>
    public uint? Uid { get; set; }

    /// <summary>The owner's group id.</summary>
    public uint? Gid { get; set; }
}

/// <summary>A rule of the control group's device list; later rules win.</summary>
public sealed class CtrSpecDeviceRule : CtrSpecObject
{
    /// <summary>Whether the rule allows or denies.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public bool Allow { get; set; }

    /// <summary>a: all, c: character, b: block; null for all.</summary>
    public string? Type { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>The major number; null for all.</summary>
    public long? Major { get; set; }

    /// <summary>The minor number; null for all.</summary>
    public long? Minor { get; set; }

    /// <summary>Of r (read), w (write) and m (mknod).</summary>
    public string? Access { get; set => field = SpecJson.NullIfEmpty(value); }
}
