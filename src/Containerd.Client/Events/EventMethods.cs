using Containerd.Client.Grpc;
using Containerd.Protocol.Events;
using Google.Protobuf.Reflection;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>The RPCs of containerd.services.events.v1.Events.</summary>
internal static class EventMethods
{
    private static readonly ServiceDescriptor s_service = EventsReflection.Descriptor.Services[0];

    public static readonly Method<PublishRequest, Empty> Publish = Method.From<PublishRequest, Empty>(s_service, "Publish");
    public static readonly Method<SubscribeRequest, Envelope> Subscribe = Method.From<SubscribeRequest, Envelope>(s_service, "Subscribe");
}
