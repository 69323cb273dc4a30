using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;

namespace Containerd.IntegrationTests.Images;

/// <summary>Makes OCI layouts for tests, right ones and wrong ones.</summary>
internal sealed class OciArchiveBuilder
{
    private const string IndexType = "application/vnd.oci.image.index.v1+json";
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";

    private readonly Dictionary<string, byte[]> _blobs = [];
    private readonly List<string> _targets = [];

    /// <summary>The machine's own architecture, as images name it.</summary>
    public static string Architecture { get; } = CtrPlatform.Current.Architecture;

    /// <summary>The digests of all blobs.</summary>
    public IReadOnlyCollection<string> Digests => _blobs.Keys;

    /// <summary>A layer with one file.</summary>
    public static byte[] Layer(string path, byte[] content)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content) });
        }

        return stream.ToArray();
    }

    /// <summary>Adds a manifest with its configuration and layers, and gives its descriptor.</summary>
    public string AddManifest(string architecture, string[] diffIds, params byte[][] layers) =>
        AddManifest(architecture, """{"Cmd":["sh"]}""", diffIds, layers);

    /// <summary>Adds a manifest whose containers run as <paramref name="process"/> says, the JSON of a configuration's "config".</summary>
    public string AddManifest(string architecture, string process, string[] diffIds, params byte[][] layers)
    {
        var config = AddBlob(
            "application/vnd.oci.image.config.v1+json",
            $$$"""{"architecture":"{{{architecture}}}","os":"linux","config":{{{process}}},"rootfs":{"type":"layers","diff_ids":[{{{string.Join(',', diffIds.Select(d => $"\"{d}\""))}}}]}}""");
        var descriptors = layers.Select(layer => AddBlob("application/vnd.oci.image.layer.v1.tar", layer));
        return AddBlob(
            ManifestType,
            $$"""{"schemaVersion":2,"mediaType":"{{ManifestType}}","config":{{config}},"layers":[{{string.Join(',', descriptors)}}]}""",
            $$""","platform":{"architecture":"{{architecture}}","os":"linux"}""");
    }

    /// <summary>Adds a manifest whose layers are as its configuration says.</summary>
    public string AddManifest(string architecture, params byte[][] layers) =>
        AddManifest(architecture, [.. layers.Select(Digest)], layers);

    /// <summary>Adds an index of manifests, and gives its descriptor.</summary>
    public string AddIndex(params string[] manifests) =>
        AddBlob(IndexType, $$"""{"schemaVersion":2,"mediaType":"{{IndexType}}","manifests":[{{string.Join(',', manifests)}}]}""");

    /// <summary>Gives a manifest or index a name.</summary>
    public OciArchiveBuilder Name(string descriptor, string? name)
    {
        _targets.Add(name is null ? descriptor : $"{descriptor[..^1]},\"annotations\":{{\"io.containerd.image.name\":\"{name}\"}}}}");
        return this;
    }

    /// <summary>Leaves a blob out.</summary>
    public void Remove(string digest) => _blobs.Remove(digest);

    /// <summary>Puts other bytes under a blob's name.</summary>
    public void Damage(string digest) => _blobs[digest] = [.. _blobs[digest][..^1], (byte)~_blobs[digest][^1]];

    /// <summary>The archive, an uncompressed tar.</summary>
    public byte[] ToArray()
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            Write(tar, "oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray());
            foreach (var (digest, content) in _blobs)
            {
                Write(tar, "blobs/" + digest.Replace(':', '/'), content);
            }

            Write(tar, "index.json", Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{string.Join(',', _targets)}}]}"""));
        }

        return stream.ToArray();
    }

    public static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static void Write(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

    private string AddBlob(string mediaType, string content, string more = "") => AddBlob(mediaType, Encoding.UTF8.GetBytes(content), more);

    private string AddBlob(string mediaType, byte[] content, string more = "")
    {
        var digest = Digest(content);
        _blobs[digest] = content;
        return $$"""{"mediaType":"{{mediaType}}","digest":"{{digest}}","size":{{content.Length}}{{more}}}""";
    }
}
