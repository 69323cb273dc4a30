using Google.Protobuf.Reflection;

namespace Containerd.ProtocolTests;

/// <summary>
/// What of a protocol is seen on the wire, as name → fact: a field's number, type, label and oneof, an enum value's
/// number, a method's messages and streams.
/// </summary>
internal static class WireFacts
{
    public static SortedDictionary<string, string> Of(IEnumerable<FileDescriptorProto> files)
    {
        var facts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            foreach (var message in file.MessageType)
            {
                AddMessage(facts, file.Package, message);
            }
            foreach (var enumeration in file.EnumType)
            {
                AddEnum(facts, file.Package, enumeration);
            }
            foreach (var service in file.Service)
            {
                AddService(facts, file.Package, service);
            }
        }
        return facts;
    }

    private static void AddMessage(SortedDictionary<string, string> facts, string scope, DescriptorProto message)
    {
        var name = $"{scope}.{message.Name}";
        facts.Add(name, message.Options is { MapEntry: true } ? "map entry" : "message");
        foreach (var field in message.Field)
        {
            facts.Add($"{name}.{field.Name}", Fact(message, field));
        }
        foreach (var nested in message.NestedType)
        {
            AddMessage(facts, name, nested);
        }
        foreach (var nested in message.EnumType)
        {
            AddEnum(facts, name, nested);
        }
    }

    private static string Fact(DescriptorProto message, FieldDescriptorProto field)
    {
        var oneof = field.HasOneofIndex ? $" in {message.OneofDecl[field.OneofIndex].Name}" : "";
        return $"{field.Number}: {field.Label} {field.Type} {field.TypeName}".TrimEnd() + oneof;
    }

    private static void AddEnum(SortedDictionary<string, string> facts, string scope, EnumDescriptorProto enumeration)
    {
        var name = $"{scope}.{enumeration.Name}";
        facts.Add(name, "enum");
        foreach (var value in enumeration.Value)
        {
            facts.Add($"{name}.{value.Name}", $"{value.Number}");
        }
    }

    private static void AddService(SortedDictionary<string, string> facts, string scope, ServiceDescriptorProto service)
    {
        var name = $"{scope}.{service.Name}";
        facts.Add(name, "service");
        foreach (var method in service.Method)
        {
            facts.Add(
                $"{name}/{method.Name}",
                $"{Stream(method.ClientStreaming)}{method.InputType} -> {Stream(method.ServerStreaming)}{method.OutputType}");
        }
    }

    private static string Stream(bool streaming) => streaming ? "stream " : "";
}
