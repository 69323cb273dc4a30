namespace Containerd.ProtocolTests;

/// <summary>What the client knows beyond containerd 1.6. A name stands for all that is inside it, too.</summary>
internal static class LaterAdditions
{
    public static IReadOnlyList<string> Names { get; } =
    [
        // 1.7
        "containerd.services.containers.v1.Container.sandbox",
        "containerd.services.diff.v1.DiffRequest.source_date_epoch",
        "containerd.services.images.v1.CreateImageRequest.source_date_epoch",
        "containerd.services.images.v1.UpdateImageRequest.source_date_epoch",
        "containerd.services.introspection.v1.ServerResponse.pid",
        "containerd.services.introspection.v1.ServerResponse.pidns",
        "containerd.events.SnapshotPrepare.snapshotter",
        "containerd.events.SnapshotCommit.snapshotter",
        "containerd.events.SnapshotRemove.snapshotter",

        // 2.0
        "containerd.services.diff.v1.ApplyRequest.sync_fs",
        "containerd.services.images.v1.DeleteImageRequest.target",
        "containerd.services.introspection.v1.ServerResponse.deprecations",
        "containerd.services.introspection.v1.DeprecationWarning",
        "containerd.services.introspection.v1.Introspection/PluginInfo",
        "containerd.services.introspection.v1.PluginInfoRequest",
        "containerd.services.introspection.v1.PluginInfoResponse",
        "containerd.types.Platform.os_version",
        "containerd.events.SandboxCreate",
        "containerd.events.SandboxStart",
        "containerd.events.SandboxExit",

        // 2.1
        "containerd.events.ContentCreate",

        // 2.2
        "containerd.services.snapshots.v1.CommitSnapshotRequest.parent",

        // cgroups 3, which the shims of 1.7 and later report with
        "io.containerd.cgroups.v2.Metrics.network",
        "io.containerd.cgroups.v2.NetworkStat",
        "io.containerd.cgroups.v2.PSIData",
        "io.containerd.cgroups.v2.PSIStats",
        "io.containerd.cgroups.v2.CPUStat.psi",
        "io.containerd.cgroups.v2.CPUStat.nr_bursts",
        "io.containerd.cgroups.v2.CPUStat.burst_usec",
        "io.containerd.cgroups.v2.MemoryStat.max_usage",
        "io.containerd.cgroups.v2.MemoryStat.swap_max_usage",
        "io.containerd.cgroups.v2.MemoryStat.psi",
        "io.containerd.cgroups.v2.MemoryStat.workingset_refault_anon",
        "io.containerd.cgroups.v2.MemoryStat.workingset_refault_file",
        "io.containerd.cgroups.v2.MemoryStat.workingset_activate_anon",
        "io.containerd.cgroups.v2.MemoryStat.workingset_activate_file",
        "io.containerd.cgroups.v2.MemoryEvents.oom_group_kill",
        "io.containerd.cgroups.v2.IOStat.psi",
        "io.containerd.cgroups.v2.HugeTlbStat.failcnt",

        // Protocols of other projects, which containerd's source does not carry
        "grpc.health.v1",
        "containerd.runhcs.v1",
        "containerd.runhcs.stats.v1",
    ];

    public static bool Cover(string name) => Names.Any(addition => IsWithin(name, addition));

    public static bool IsWithin(string name, string addition) =>
        name == addition
        || (name.StartsWith(addition, StringComparison.Ordinal) && name[addition.Length] is '.' or '/');
}
