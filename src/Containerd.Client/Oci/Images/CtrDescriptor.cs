using System.Text.Json.Serialization;

namespace Containerd;

/// <summary>Names a piece of content by its digest.</summary>
/// <remarks>Source: OCI image specification, descriptor.md; containerd's <c>types.Descriptor</c>.</remarks>
public sealed record CtrDescriptor
{
    /// <summary>What the content is, such as <c>application/vnd.oci.image.manifest.v1+json</c>.</summary>
    [JsonPropertyName("mediaType")]
    public string MediaType { get; init => field = value ?? ""; } = "";

    /// <summary>The digest, such as <c>sha256:…</c>.</summary>
    [JsonPropertyName("digest")]
    public string Digest { get; init => field = value ?? ""; } = "";

    /// <summary>The size in bytes.</summary>
    [JsonPropertyName("size")]
    public long Size { get; init; }

    /// <summary>Free metadata.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string> Annotations { get; init => field = value ?? new Dictionary<string, string>(); } =
        new Dictionary<string, string>();

    /// <summary>The platform that the content is for; null where it is not told.</summary>
    [JsonPropertyName("platform")]
    public CtrPlatform? Platform { get; init; }
}
