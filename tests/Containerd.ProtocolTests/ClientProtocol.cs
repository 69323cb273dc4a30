using System.Reflection;
using Containerd.Protocol.Health;
using Google.Protobuf.Reflection;

namespace Containerd.ProtocolTests;

/// <summary>The protocol as the client speaks it: the descriptors inside its generated classes.</summary>
internal static class ClientProtocol
{
    public static IReadOnlyList<FileDescriptorProto> Files { get; } =
    [
        .. typeof(HealthReflection).Assembly.GetTypes()
            .Where(type => type.Namespace?.StartsWith("Containerd.Protocol.", StringComparison.Ordinal) == true
                && type.Name.EndsWith("Reflection", StringComparison.Ordinal))
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null))
            .Cast<FileDescriptor>()
            .Select(file => file.ToProto()),
    ];
}
