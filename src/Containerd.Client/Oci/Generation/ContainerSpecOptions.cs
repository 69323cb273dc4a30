namespace Containerd.Client;

/// <summary>What a container is to be: the input from which its runtime spec is generated.</summary>
public sealed record ContainerSpecOptions
{
    /// <summary>The containerd namespace, part of the control group's path. <see cref="ContainerClient"/> sets its own.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>What the image says about its process; null where there is no image. <see cref="ContainerClient"/> reads it.</summary>
    public ContainerImageConfig? Image { get; init; }

    /// <summary>Takes the place of the image's Cmd; the entrypoint stays in front. Null keeps Cmd.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Takes the place of the image's Entrypoint and drops its Cmd; empty removes the entrypoint. Null keeps both.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary><c>KEY=VALUE</c> sets over the image's; <c>KEY</c> alone removes.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>An absolute path inside the container; null for the image's, else <c>/</c>.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c> or a mix; null for the image's, else root.</summary>
    public string? User { get; init; }

    /// <summary>The host name inside the container; null leaves it to the runtime.</summary>
    public string? Hostname { get; init; }

    /// <summary>Mounts beside the default ones, see <see cref="Oci.MountParser"/>.</summary>
    public IReadOnlyList<CtrSpecMount> Mounts { get; init; } = [];

    /// <summary>Annotations of the spec.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the process gets a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Whether the root file system is read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Whether the container gets all capabilities and devices of the host and no masked paths.</summary>
    public bool Privileged { get; init; }

    /// <summary>Capabilities beside the default ones, with or without <c>CAP_</c>, or <c>ALL</c>.</summary>
    public IReadOnlyList<string> CapabilityAdd { get; init; } = [];

    /// <summary>Capabilities taken away, with or without <c>CAP_</c>, or <c>ALL</c>, which is taken away before any is added.</summary>
    public IReadOnlyList<string> CapabilityDrop { get; init; } = [];

    /// <summary>The memory limit in bytes; null is none.</summary>
    public long? Memory { get; init; }

    /// <summary>Processors' worth of time, such as 1.5; null is no limit.</summary>
    public double? Cpus { get; init; }

    /// <summary>The processor weight; null is 1024, as ctr sets.</summary>
    public ulong? CpuShares { get; init; }

    /// <summary>The most processes; null is no limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Resource limits over the default one, see <see cref="Oci.RlimitParser"/>.</summary>
    public IReadOnlyList<CtrSpecRlimit> Rlimits { get; init; } = [];

    /// <summary>Devices of this machine, see <see cref="Oci.DeviceParser"/>.</summary>
    public IReadOnlyList<Oci.DeviceMapping> Devices { get; init; } = [];

    /// <summary>Whether the container shares the host's network and its hosts and resolv.conf files.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>The control group's path; null for <c>/namespace/id</c>, empty for none.</summary>
    public string? CgroupsPath { get; init; }

    /// <summary>A root file system on the daemon's host, where no snapshot is used; null for the snapshot's <c>rootfs</c>.</summary>
    public string? RootFsPath { get; init; }
}
