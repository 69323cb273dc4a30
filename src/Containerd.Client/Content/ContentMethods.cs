using Containerd.Client.Grpc;
using Containerd.Protocol.Content;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.content.v1.Content that are used.</summary>
internal static class ContentMethods
{
    private static readonly ServiceDescriptor s_service = ContentReflection.Descriptor.Services[0];

    public static readonly Method<InfoRequest, InfoResponse> Info = Method.From<InfoRequest, InfoResponse>(s_service, "Info");
    public static readonly Method<UpdateRequest, UpdateResponse> Update = Method.From<UpdateRequest, UpdateResponse>(s_service, "Update");
    public static readonly Method<ReadContentRequest, ReadContentResponse> Read = Method.From<ReadContentRequest, ReadContentResponse>(s_service, "Read", ContentPiece.Deserialize);
    public static readonly Method<WriteContentRequest, WriteContentResponse> Write = Method.From<WriteContentRequest, WriteContentResponse>(s_service, "Write");
    public static readonly Method<ListStatusesRequest, ListStatusesResponse> ListStatuses = Method.From<ListStatusesRequest, ListStatusesResponse>(s_service, "ListStatuses");
    public static readonly Method<AbortRequest, Empty> Abort = Method.From<AbortRequest, Empty>(s_service, "Abort");
}
