using Containerd.Client.Grpc;
using Containerd.Protocol.Snapshots;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.snapshots.v1.Snapshots that are used.</summary>
internal static class SnapshotMethods
{
    private static readonly ServiceDescriptor s_service = SnapshotsReflection.Descriptor.Services[0];

    public static readonly Method<PrepareSnapshotRequest, PrepareSnapshotResponse> Prepare = Method.From<PrepareSnapshotRequest, PrepareSnapshotResponse>(s_service, "Prepare");
    public static readonly Method<ViewSnapshotRequest, ViewSnapshotResponse> View = Method.From<ViewSnapshotRequest, ViewSnapshotResponse>(s_service, "View");
    public static readonly Method<CommitSnapshotRequest, Empty> Commit = Method.From<CommitSnapshotRequest, Empty>(s_service, "Commit");
    public static readonly Method<MountsRequest, MountsResponse> Mounts = Method.From<MountsRequest, MountsResponse>(s_service, "Mounts");
    public static readonly Method<StatSnapshotRequest, StatSnapshotResponse> Stat = Method.From<StatSnapshotRequest, StatSnapshotResponse>(s_service, "Stat");
    public static readonly Method<UpdateSnapshotRequest, UpdateSnapshotResponse> Update = Method.From<UpdateSnapshotRequest, UpdateSnapshotResponse>(s_service, "Update");
    public static readonly Method<RemoveSnapshotRequest, Empty> Remove = Method.From<RemoveSnapshotRequest, Empty>(s_service, "Remove");
}
