using Containerd.Client.Grpc;
using Containerd.Protocol.Images;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.images.v1.Images.</summary>
internal static class ImageMethods
{
    private static readonly ServiceDescriptor s_service = ImagesReflection.Descriptor.Services[0];

    public static readonly Method<GetImageRequest, GetImageResponse> Get = Method.From<GetImageRequest, GetImageResponse>(s_service, "Get");
    public static readonly Method<ListImagesRequest, ListImagesResponse> List = Method.From<ListImagesRequest, ListImagesResponse>(s_service, "List");
    public static readonly Method<CreateImageRequest, CreateImageResponse> Create = Method.From<CreateImageRequest, CreateImageResponse>(s_service, "Create");
    public static readonly Method<UpdateImageRequest, UpdateImageResponse> Update = Method.From<UpdateImageRequest, UpdateImageResponse>(s_service, "Update");
    public static readonly Method<DeleteImageRequest, Empty> Delete = Method.From<DeleteImageRequest, Empty>(s_service, "Delete");
}
