using Containerd.Client.Grpc;
using Containerd.Protocol.Containers;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.containers.v1.Containers that are used; ListStream stands in for List.</summary>
internal static class ContainerMethods
{
    private static readonly ServiceDescriptor s_service = ContainersReflection.Descriptor.Services[0];

    public static readonly Method<GetContainerRequest, GetContainerResponse> Get = Method.From<GetContainerRequest, GetContainerResponse>(s_service, "Get");
    public static readonly Method<ListContainersRequest, ListContainerMessage> ListStream = Method.From<ListContainersRequest, ListContainerMessage>(s_service, "ListStream");
    public static readonly Method<CreateContainerRequest, CreateContainerResponse> Create = Method.From<CreateContainerRequest, CreateContainerResponse>(s_service, "Create");
    public static readonly Method<UpdateContainerRequest, UpdateContainerResponse> Update = Method.From<UpdateContainerRequest, UpdateContainerResponse>(s_service, "Update");
    public static readonly Method<DeleteContainerRequest, Empty> Delete = Method.From<DeleteContainerRequest, Empty>(s_service, "Delete");
}
