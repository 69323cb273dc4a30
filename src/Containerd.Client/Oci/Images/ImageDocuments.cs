using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Containerd.Client.Oci.Images;

/// <summary>An image index (OCI) or manifest list (Docker): manifests for several platforms, or of several images.</summary>
internal sealed record ImageIndex
{
    public int SchemaVersion { get; init; } = 2;

    public string? MediaType { get; init; }

    public IReadOnlyList<CtrDescriptor> Manifests { get; init => field = ImageJson.Parts(value); } = [];

    public IReadOnlyDictionary<string, string> Annotations { get; init => field = value ?? new Dictionary<string, string>(); } =
        new Dictionary<string, string>();

    internal byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, ImageJson.IndexAsGoWritesIt);

    internal static ImageIndex Parse(ReadOnlySpan<byte> json) => ImageJson.Parse(json, ImageJsonContext.Default.ImageIndex, "an image index");
}

/// <summary>An image manifest: the configuration and the layers of an image for one platform.</summary>
internal sealed record ImageManifest
{
    public int SchemaVersion { get; init; } = 2;

    public string? MediaType { get; init; }

    public CtrDescriptor Config { get; init => field = ImageJson.Part(value ?? new()); } = new();

    public IReadOnlyList<CtrDescriptor> Layers { get; init => field = ImageJson.Parts(value); } = [];

    internal static ImageManifest Parse(ReadOnlySpan<byte> json) => ImageJson.Parse(json, ImageJsonContext.Default.ImageManifest, "an image manifest");

    internal byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, ImageJson.ManifestAsGoWritesIt);
}

/// <summary>An image's configuration.</summary>
internal sealed record ImageConfig
{
    public string? Architecture { get; init; }

    public string? Os { get; init; }

    public string? Variant { get; init; }

    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    public ContainerImageConfig Config { get; init => field = value ?? new(); } = new();

    public ImageRootFs Rootfs { get; init => field = value ?? new(); } = new();

    /// <summary>Null where the configuration names no platform, as that of an artifact.</summary>
    [JsonIgnore]
    internal CtrPlatform? Platform => string.IsNullOrEmpty(Os) || string.IsNullOrEmpty(Architecture)
        ? null
        : new CtrPlatform { OS = Os, Architecture = Architecture, Variant = Variant, OSVersion = OsVersion }.Normalize();

    internal static ImageConfig Parse(ReadOnlySpan<byte> json) => ImageJson.Parse(json, ImageJsonContext.Default.ImageConfig, "an image configuration");
}

/// <summary>The layers of an image, by the digests of their uncompressed content.</summary>
internal sealed record ImageRootFs
{
    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<string> DiffIds { get; init => field = ImageJson.List(value); } = [];
}

/// <summary>The file <c>oci-layout</c>.</summary>
internal sealed record OciLayout
{
    public string? ImageLayoutVersion { get; init; }
}

/// <summary>An image in the file <c>manifest.json</c> of docker save.</summary>
internal sealed record DockerArchiveImage
{
    [JsonPropertyName("Config")]
    public string Config { get; init => field = value ?? ""; } = "";

    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string> RepoTags { get; init => field = ImageJson.List(value); } = [];

    [JsonPropertyName("Layers")]
    public IReadOnlyList<string> Layers { get; init => field = ImageJson.List(value); } = [];
}

internal static class ImageJson
{
    /// <summary>
    /// Without escapes that JSON doesn't need and without empty annotations: the same bytes, and so the same digest,
    /// as other tools make.
    /// </summary>
    private static readonly JsonSerializerOptions s_asGoWrites = new(ImageJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = ImageJsonContext.Default.WithAddedModifier(OmitEmptyAnnotations),
    };

    internal static readonly JsonTypeInfo<ImageManifest> ManifestAsGoWritesIt = (JsonTypeInfo<ImageManifest>)s_asGoWrites.GetTypeInfo(typeof(ImageManifest));

    internal static readonly JsonTypeInfo<ImageIndex> IndexAsGoWritesIt = (JsonTypeInfo<ImageIndex>)s_asGoWrites.GetTypeInfo(typeof(ImageIndex));

    /// <summary>A list as read: none is an empty one.</summary>
    /// <exception cref="InvalidDataException">An item is null.</exception>
    internal static IReadOnlyList<T> List<T>(IReadOnlyList<T>? items)
        where T : class => items is not null && items.Any(i => i is null)
            ? throw new InvalidDataException("A list of the image's JSON holds null where an item is wanted.")
            : items ?? [];

    /// <summary>Descriptors as read.</summary>
    /// <exception cref="InvalidDataException">One is null, or of a size that nothing has.</exception>
    internal static IReadOnlyList<CtrDescriptor> Parts(IReadOnlyList<CtrDescriptor>? parts)
    {
        IReadOnlyList<CtrDescriptor> read = List(parts);
        foreach (CtrDescriptor part in read)
        {
            Part(part);
        }

        return read;
    }

    /// <summary>A descriptor as read.</summary>
    /// <exception cref="InvalidDataException">It is of a size that nothing has.</exception>
    internal static CtrDescriptor Part(CtrDescriptor part) => part.Size >= 0
        ? part
        : throw new InvalidDataException($"The image's JSON says that its part '{part.Digest}' has {part.Size} bytes.");

    /// <exception cref="InvalidDataException">The bytes are not the JSON of such a document.</exception>
    internal static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new InvalidDataException($"This is not {what}: the JSON is null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"This is not {what}: {e.Message}", e);
        }
    }

    private static void OmitEmptyAnnotations(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(p => p.PropertyType == typeof(IReadOnlyDictionary<string, string>)))
        {
            property.ShouldSerialize = static (_, value) => value is IReadOnlyDictionary<string, string> { Count: > 0 };
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(OciLayout))]
[JsonSerializable(typeof(List<DockerArchiveImage>))]
internal sealed partial class ImageJsonContext : JsonSerializerContext;
