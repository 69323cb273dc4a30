using System.Text;
using System.Text.Json;
using Containerd.Client.Oci;

namespace Containerd;

/// <summary>
/// An OCI runtime spec: what a runtime such as runc is told about a container. Unlike this library's records it
/// may be changed, so that it can be edited and handed back.
/// </summary>
/// <remarks>
/// Source: OCI runtime specification, config.md. Reading and writing lose nothing: sections without a property
/// are kept in <see cref="CtrSpecObject.AdditionalProperties"/>. Null and empty members are left out of the JSON,
/// as Go's <c>omitempty</c> does.
/// </remarks>
public sealed class CtrSpec : CtrSpecObject
{
    /// <summary>The version of the OCI runtime specification that the spec follows.</summary>
    public string OciVersion { get; set => field = value ?? ""; } = "";

    /// <summary>The process of the container; null where a container is created and never started.</summary>
    public CtrSpecProcess? Process { get; set; }

    /// <summary>The root file system.</summary>
    public CtrSpecRoot? Root { get; set; }

    /// <summary>The host name inside the container; null keeps the one of the UTS namespace.</summary>
    public string? Hostname { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>The NIS domain name inside the container.</summary>
    public string? Domainname { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Mounts over the root file system, in the order in which they are made.</summary>
    public List<CtrSpecMount> Mounts { get; set => field = value ?? []; } = [];

    /// <summary>Commands run by the runtime at points of the container's life.</summary>
    public CtrSpecHooks? Hooks { get; set; }

    /// <summary>Free metadata, handed on to the runtime.</summary>
    public Dictionary<string, string> Annotations { get; set => field = value ?? []; } = [];

    /// <summary>The Linux section.</summary>
    public CtrSpecLinux? Linux { get; set; }

    /// <summary>Reads a spec from JSON.</summary>
    /// <exception cref="FormatException">The text is not JSON or not an OCI runtime spec.</exception>
    public static CtrSpec Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Parse(Encoding.UTF8.GetBytes(json));
    }

    /// <summary>Reads a spec from JSON in UTF-8.</summary>
    /// <exception cref="FormatException">The bytes are not JSON or not an OCI runtime spec.</exception>
    public static CtrSpec Parse(ReadOnlySpan<byte> utf8Json) => SpecJson.Parse(utf8Json, SpecJson.Compact.Spec, "an OCI runtime spec");

    /// <summary>Writes the spec as JSON.</summary>
    /// <param name="indented">True for lines that people read, false for the shortest form.</param>
    public string ToJson(bool indented = false) =>
        JsonSerializer.Serialize(this, indented ? SpecJson.Indented.Spec : SpecJson.Compact.Spec);

    /// <summary>Writes the spec as JSON in UTF-8, the form in which containerd stores it.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, SpecJson.Compact.Spec);
}
