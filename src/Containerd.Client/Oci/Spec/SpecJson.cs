using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Containerd.Client.Oci;

/// <summary>The JSON form of the runtime spec and of the parts that travel alone.</summary>
internal sealed class SpecJson
{
    internal static readonly SpecJson Compact = new(indented: false);

    internal static readonly SpecJson Indented = new(indented: true);

    private SpecJson(bool indented)
    {
        var options = new JsonSerializerOptions(SpecJsonContext.Default.Options)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            WriteIndented = indented,
            TypeInfoResolver = SpecJsonContext.Default.WithAddedModifier(OmitEmptyCollections),
        };
        Spec = (JsonTypeInfo<CtrSpec>)options.GetTypeInfo(typeof(CtrSpec));
        Process = (JsonTypeInfo<CtrSpecProcess>)options.GetTypeInfo(typeof(CtrSpecProcess));
        Resources = (JsonTypeInfo<CtrSpecResources>)options.GetTypeInfo(typeof(CtrSpecResources));
    }

    internal JsonTypeInfo<CtrSpec> Spec { get; }

    internal JsonTypeInfo<CtrSpecProcess> Process { get; }

    internal JsonTypeInfo<CtrSpecResources> Resources { get; }

    internal static string? NullIfEmpty(string? value) => string.IsNullOrEmpty(value) ? null : value;

    internal static T Parse<T>(ReadOnlySpan<byte> utf8Json, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(utf8Json, type) ?? throw new FormatException($"This is not {what}: the JSON is null.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"This is not {what}: {e.Message}", e);
        }
    }

    private static void OmitEmptyCollections(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (!property.IsExtensionData && typeof(ICollection).IsAssignableFrom(property.PropertyType))
            {
                property.ShouldSerialize = static (_, value) => value is ICollection { Count: > 0 };
            }
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(CtrSpec))]
[JsonSerializable(typeof(CtrSpecProcess))]
[JsonSerializable(typeof(CtrSpecResources))]
internal sealed partial class SpecJsonContext : JsonSerializerContext;
