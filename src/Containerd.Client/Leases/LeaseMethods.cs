using Containerd.Client.Grpc;
using Containerd.Protocol.Leases;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.leases.v1.Leases that are used.</summary>
internal static class LeaseMethods
{
    private static readonly ServiceDescriptor s_service = LeasesReflection.Descriptor.Services[0];

    public static readonly Method<CreateRequest, CreateResponse> Create = Method.From<CreateRequest, CreateResponse>(s_service, "Create");
    public static readonly Method<DeleteRequest, Empty> Delete = Method.From<DeleteRequest, Empty>(s_service, "Delete");
    public static readonly Method<ListRequest, ListResponse> List = Method.From<ListRequest, ListResponse>(s_service, "List");
    public static readonly Method<ListResourcesRequest, ListResourcesResponse> ListResources = Method.From<ListResourcesRequest, ListResourcesResponse>(s_service, "ListResources");
    public static readonly Method<AddResourceRequest, Empty> AddResource = Method.From<AddResourceRequest, Empty>(s_service, "AddResource");
}
