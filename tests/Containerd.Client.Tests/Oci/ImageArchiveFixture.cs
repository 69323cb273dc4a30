using System.Text;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Images;

namespace Containerd.Client.Tests.Oci;

/// <summary>A small image in an archive, and a receiver that keeps and checks what it gets.</summary>
public abstract class ImageArchiveFixture
{
    protected static readonly byte[] Layer = new TarBuilder().File("bin/sh", "#!").ToArray();

    protected static readonly byte[] Config = Utf8($$"""{"architecture":"arm64","os":"linux","config":{"Cmd":["sh"],"Env":null},"rootfs":{"type":"layers","diff_ids":["{{Digest(Layer)}}"]} }""");

    protected static readonly byte[] Manifest = Utf8($$"""
        {"schemaVersion":2,"config":{{Descriptor(MediaTypes.OciConfig, Config)}},"layers":[{{Descriptor(MediaTypes.OciLayer, Layer)}}]}
        """);

    protected Dictionary<string, byte[]> Received { get; } = [];

    protected static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    protected static string Digest(byte[] content) => ContentDigest.FromBytes(content);

    protected static string Blob(byte[] content) => "blobs/" + Digest(content).Replace(':', '/');

    protected static string Descriptor(string mediaType, byte[] content, string more = "") =>
        $$"""{"mediaType":"{{mediaType}}","digest":"{{Digest(content)}}","size":{{content.Length}}{{more}}}""";

    protected static string Index(params string[] manifests) => $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', manifests)}}]}""";

    protected static string Annotated(string annotations) => Descriptor(MediaTypes.OciManifest, Manifest, $$""","annotations":{{{annotations}}}""");

    protected static (string Name, byte[] Content)[] Layout(string index) =>
    [
        ("oci-layout", Utf8("""{"imageLayoutVersion":"1.0.0"}""")), (Blob(Layer), Layer), (Blob(Config), Config),
        (Blob(Manifest), Manifest), ("index.json", Utf8(index)),
    ];

    protected static byte[] Tar(IEnumerable<(string Name, byte[] Content)> files) =>
        files.Aggregate(new TarBuilder(), (tar, f) => tar.File(f.Name, f.Content)).ToArray();

    private protected async Task Receive(ArchiveBlob blob, CancellationToken cancellationToken)
    {
        var content = new MemoryStream();
        await blob.Content.CopyToAsync(content, cancellationToken);
        Assert.Equal(blob.Size, content.Length);
        var digest = Digest(content.ToArray());
        Assert.True(blob.Digest is null || blob.Digest == digest);
        Assert.True(Received.TryAdd(digest, content.ToArray()), "each blob is handed out once");
    }

    private protected Task<ImageArchive> Read(byte[] archive, string? name = null) =>
        ImageArchiveReader.ReadAsync(new OneWay(archive), Receive, new() { Name = name }, CancellationToken.None);

    private protected async Task<string> Refused(byte[] archive, string? name = null)
    {
        Received.Clear();
        return (await Assert.ThrowsAsync<InvalidDataException>(() => Read(archive, name))).Message;
    }

    /// <summary>A stream that can't seek, in small pieces: as a pipe.</summary>
    private protected sealed class OneWay(byte[] content) : MemoryStream(content, writable: false)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 777)]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 777)], cancellationToken);
    }
}
