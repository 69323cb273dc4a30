using System.Text;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Images;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Oci;

public class ImageArchiveTests
{
    private static readonly byte[] Layer = new TarBuilder().File("bin/sh", "#!").ToArray();

    private static readonly byte[] Config = Utf8($$"""{"architecture":"arm64","os":"linux","config":{"Cmd":["sh"],"Env":null},"rootfs":{"type":"layers","diff_ids":["{{Digest(Layer)}}"]} }""");

    private static readonly byte[] Manifest = Utf8($$"""
        {"schemaVersion":2,"config":{{Descriptor(MediaTypes.OciConfig, Config)}},"layers":[{{Descriptor(MediaTypes.OciLayer, Layer)}}]}
        """);

    private readonly Dictionary<string, byte[]> _received = [];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Digest(byte[] content) => ContentDigest.FromBytes(content);

    private static string Blob(byte[] content) => "blobs/" + Digest(content).Replace(':', '/');

    private static string Descriptor(string mediaType, byte[] content, string more = "") =>
        $$"""{"mediaType":"{{mediaType}}","digest":"{{Digest(content)}}","size":{{content.Length}}{{more}}}""";

    private static string Index(params string[] manifests) => $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', manifests)}}]}""";

    private static string Annotated(string annotations) => Descriptor(MediaTypes.OciManifest, Manifest, $$""","annotations":{{{annotations}}}""");

    private static (string Name, byte[] Content)[] Layout(string index) =>
    [
        ("oci-layout", Utf8("""{"imageLayoutVersion":"1.0.0"}""")), (Blob(Layer), Layer), (Blob(Config), Config),
        (Blob(Manifest), Manifest), ("index.json", Utf8(index)),
    ];

    private static byte[] Tar(IEnumerable<(string Name, byte[] Content)> files) =>
        files.Aggregate(new TarBuilder(), (tar, f) => tar.File(f.Name, f.Content)).ToArray();

    private async Task Receive(ArchiveBlob blob, CancellationToken cancellationToken)
    {
        var content = new MemoryStream();
        await blob.Content.CopyToAsync(content, cancellationToken);
        Assert.Equal(blob.Size, content.Length);
        var digest = Digest(content.ToArray());
        Assert.True(blob.Digest is null || blob.Digest == digest);
        Assert.True(_received.TryAdd(digest, content.ToArray()), "each blob is handed out once");
    }

    private Task<ImageArchive> Read(byte[] archive, string? name = null) =>
        ImageArchiveReader.ReadAsync(new OneWay(archive), Receive, new() { Name = name }, CancellationToken.None);

    private async Task<string> Refused(byte[] archive, string? name = null)
    {
        _received.Clear();
        return (await Assert.ThrowsAsync<InvalidDataException>(() => Read(archive, name))).Message;
    }

    /// <summary>A stream that can't seek, in small pieces: as a pipe.</summary>
    private sealed class OneWay(byte[] content) : MemoryStream(content, writable: false)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 777)]);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 777)], cancellationToken);
    }

    [Property(MaxTest = 60)]
    public async Task An_oci_layout_is_read_in_any_order_plain_and_gzip(int seed, bool gzip)
    {
        _received.Clear();
        var files = Layout(Index(Annotated("\"io.containerd.image.name\":\"docker.io/library/a:1\"")));
        new Random(seed).Shuffle(files);
        var tar = Tar(files);

        var archive = await Read(gzip ? TarBuilder.Gzip(tar) : tar);

        var image = Assert.Single(archive.Images);
        Assert.Equal(("docker.io/library/a:1", Digest(Manifest)), (image.Name, image.Target.Digest));
        Assert.Equal("linux/arm64", image.Target.Platform!.ToString());
        Assert.Equal(new[] { Digest(Layer), Digest(Config), Digest(Manifest) }.Order(), _received.Keys.Order());
        Assert.Equal(_received.Keys.Order(), archive.Blobs.Order());
        Assert.Equal(Config, archive.Documents[Digest(Config)]);
        Assert.False(archive.Documents.ContainsKey(Digest(Layer)));
    }

    [Theory]
    [InlineData("\"io.containerd.image.name\":\"a/b:1\",\"org.opencontainers.image.ref.name\":\"quay.io/x:2\"", "a/b:1")]
    [InlineData("\"org.opencontainers.image.ref.name\":\"quay.io/x:2\"", "quay.io/x:2")]
    [InlineData("\"org.opencontainers.image.ref.name\":\"latest\"", null)]
    [InlineData("", null)]
    public async Task Names_come_from_containerds_annotation_then_from_a_full_reference(string annotations, string? name) =>
        Assert.Equal(name, (await Read(Tar(Layout(Index(Annotated(annotations)))))).Images.Single().Name);

    [Fact]
    public async Task A_name_given_takes_the_place_of_the_archives()
    {
        var archive = await Read(Tar(Layout(Index(Annotated("\"org.opencontainers.image.ref.name\":\"1\"")))), "busybox");
        Assert.Equal("docker.io/library/busybox:latest", archive.Images.Single().Name);

        await Assert.ThrowsAsync<FormatException>(() => Read(Tar(Layout(Index(Annotated("")))), "Not A Name"));
    }

    [Fact]
    public async Task Several_manifests_of_one_name_make_one_image_for_several_platforms()
    {
        var other = Utf8(Encoding.UTF8.GetString(Manifest) + " ");
        var index = Index(Annotated(""), Descriptor(MediaTypes.OciManifest, other));
        var archive = await Read(Tar([.. Layout(index), (Blob(other), other)]), "busybox");

        Assert.Equal((MediaTypes.OciIndex, Digest(Utf8(index))), (archive.Images.Single().Target.MediaType, archive.Images.Single().Target.Digest));
        Assert.Equal(Utf8(index), _received[Digest(Utf8(index))]);
    }

    [Fact]
    public async Task One_name_is_not_given_to_several_images()
    {
        var other = Utf8(Encoding.UTF8.GetString(Manifest) + " ");
        var index = Index(Annotated("\"io.containerd.image.name\":\"a\""), Descriptor(MediaTypes.OciManifest, other));
        Assert.Contains("one name", await Refused(Tar([.. Layout(index), (Blob(other), other)]), "busybox"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_damaged_blob_is_refused_while_it_is_read(int which)
    {
        var files = Layout(Index(Annotated("")));
        files[which].Content = [.. files[which].Content];
        files[which].Content[^1] ^= 1;
        Assert.Contains("is damaged", await Refused(Tar(files)), StringComparison.Ordinal);
        Assert.DoesNotContain(Digest(files[which].Content), _received.Keys);
    }

    [Fact]
    public async Task A_receiver_need_not_read_what_it_has()
    {
        var archive = await ImageArchiveReader.ReadAsync(new OneWay(Tar(Layout(Index(Annotated(""))))), (_, _) => Task.CompletedTask, null, CancellationToken.None);
        Assert.Equal(3, archive.Blobs.Count);
    }

    [Fact]
    public async Task A_receiver_that_stops_half_way_is_told_of_damage()
    {
        var files = Layout(Index(Annotated("")));
        files[1].Content = [.. Layer[..^1], 1];
        await Assert.ThrowsAsync<InvalidDataException>(() => ImageArchiveReader.ReadAsync(
            new OneWay(Tar(files)), async (b, c) => await b.Content.ReadAtLeastAsync(new byte[b.Size], (int)b.Size, false, c), null, CancellationToken.None));
    }

    [Fact]
    public async Task A_failing_receiver_ends_the_reading() =>
        await Assert.ThrowsAsync<TimeoutException>(() => ImageArchiveReader.ReadAsync(
            new OneWay(Tar(Layout(Index(Annotated(""))))), (_, _) => throw new TimeoutException(), null, CancellationToken.None));

    [Fact]
    public async Task An_incomplete_or_foreign_layout_is_refused_in_words()
    {
        var layout = Layout(Index(Annotated("")));

        Assert.Contains("no index.json", await Refused(Tar(layout.SkipLast(1))), StringComparison.Ordinal);
        Assert.Contains("are not in it", await Refused(Tar(layout.Where(f => f.Content != Manifest))), StringComparison.Ordinal);
        Assert.Contains("neither", await Refused(Tar(layout.Skip(1))), StringComparison.Ordinal);
        Assert.Contains("neither", await Refused(Tar([("other", [])])), StringComparison.Ordinal);
        Assert.Contains("names no image", await Refused(Tar(Layout(Index()))), StringComparison.Ordinal);
        Assert.Contains("version '2.0.0'", await Refused(Tar([("oci-layout", Utf8("""{"imageLayoutVersion":"2.0.0"}""")), .. layout[1..]])), StringComparison.Ordinal);
        Assert.Contains("not an image index", await Refused(Tar(Layout("[]"))), StringComparison.Ordinal);
        Assert.Contains("holds null", await Refused(Tar(Layout("""{"manifests":[null]}"""))), StringComparison.Ordinal);
        Assert.Contains("not a digest", await Refused(Tar(Layout("""{"manifests":[{"digest":"sha256:../../x"}]}"""))), StringComparison.Ordinal);
        Assert.Contains("twice", await Refused(Tar([.. layout, layout[^1]])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../index.json")]
    [InlineData("/index.json")]
    [InlineData("blobs/sha256/../../x")]
    [InlineData("blobs\\sha256")]
    [InlineData("blobs/sha256/abc")]
    [InlineData("blobs/md5/d41d8cd98f00b204e9800998ecf8427e")]
    public async Task Hostile_names_are_refused(string name) =>
        Assert.Contains("refused", await Refused(Tar([.. Layout(Index(Annotated(""))), (name, Utf8("x"))])), StringComparison.Ordinal);

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    public async Task Links_out_of_the_archive_are_refused(string target)
    {
        Assert.Contains("refused", await Refused(new TarBuilder().Symlink("a/layer.tar", target).ToArray()), StringComparison.Ordinal);
        Assert.Contains("refused", await Refused(new TarBuilder().Hardlink("a/layer.tar", target).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truncated_archive_is_refused()
    {
        var tar = Tar(Layout(Index(Annotated(""))));
        var gzip = TarBuilder.Gzip(tar);
        foreach (var cut in new[] { 100, 600, 1700, tar.Length / 2 })
        {
            await Refused(tar[..cut]);
        }

        await Refused(gzip[..(gzip.Length / 2)]);
        await Assert.ThrowsAsync<NotSupportedException>(() => Read([0x28, 0xB5, 0x2F, 0xFD, 0]));
    }

    [Property(MaxTest = 200)]
    public async Task Any_change_of_a_byte_is_read_or_refused_and_never_more(int position, byte value)
    {
        _received.Clear();
        var tar = Tar(Layout(Index(Annotated(""))));
        tar[(int)((uint)position % tar.Length)] = value;
        try
        {
            await Read(tar);
        }
        catch (InvalidDataException)
        {
        }
    }

    private static readonly string DockerManifest = $$"""[{"Config":"{{Digest(Config)[7..]}}.json","RepoTags":["busybox:1","team/app:2"],"Layers":["abc/layer.tar"]}]""";

    [Property(MaxTest = 40)]
    public async Task Docker_save_is_read_in_any_order_and_its_manifest_made(int seed)
    {
        _received.Clear();
        (string, byte[])[] files = [("abc/layer.tar", Layer), ("abc/VERSION", Utf8("1.0")), ("abc/json", Utf8("{}")), (Digest(Config)[7..] + ".json", Config), ("manifest.json", Utf8(DockerManifest)), ("repositories", Utf8("{}"))];
        new Random(seed).Shuffle(files);

        var archive = await Read(Tar(files));

        Assert.Equal(["docker.io/library/busybox:1", "docker.io/team/app:2"], archive.Images.Select(i => i.Name));
        var target = archive.Images[0].Target;
        Assert.Equal((MediaTypes.DockerManifest, "linux/arm64"), (target.MediaType, target.Platform!.ToString()));
        Assert.Equal($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.DockerManifest}}","config":{{Descriptor(MediaTypes.DockerConfig, Config)}},"layers":[{{Descriptor(MediaTypes.DockerLayer, Layer)}}]}
            """, Encoding.UTF8.GetString(_received[target.Digest]));
        Assert.Equal(3, _received.Count);
    }

    [Fact]
    public async Task Linked_and_compressed_layers_of_docker_save_are_found()
    {
        var gzip = TarBuilder.Gzip(Layer);
        var config = Utf8($$"""{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["{{Digest(Layer)}}","{{Digest(Layer)}}","{{Digest(Layer)}}"]} }""");
        var archive = await Read(new TarBuilder()
            .Symlink("two/layer.tar", "../one/layer.tar")
            .File("one/layer.tar", Layer)
            .Hardlink("three.tar", "two/layer.tar")
            .File("four.tar.gz", gzip)
            .File("c.json", config)
            .File("manifest.json", """[{"Config":"c.json","RepoTags":null,"Layers":["two/layer.tar","three.tar","four.tar.gz"]}]""")
            .ToArray());

        var image = Assert.Single(archive.Images);
        Assert.Null(image.Name);
        var layers = ImageManifest.Parse(archive.Documents[image.Target.Digest]).Layers;
        Assert.Equal([Digest(Layer), Digest(Layer), Digest(gzip)], layers.Select(l => l.Digest));
        Assert.Equal([MediaTypes.DockerLayer, MediaTypes.DockerLayer, MediaTypes.DockerLayerGzip], layers.Select(l => l.MediaType));
    }

    [Theory]
    [InlineData("""[{"Config":"none.json","Layers":["a/layer.tar"]}]""", "configuration 'none.json' is not in it")]
    [InlineData("""[{"Config":"c.json","Layers":["b/layer.tar"]}]""", "layer 'b/layer.tar' is not in it")]
    [InlineData("""[{"Config":"c.json","Layers":[]}]""", "names 1 layers and manifest.json 0")]
    [InlineData("""[{"Config":"c.json","Layers":["wrong.tar"]}]""", "'wrong.tar' has the digest")]
    [InlineData("""[{"Config":"c.json","Layers":["round.tar"]}]""", "circle")]
    [InlineData("""[{"Config":"../c.json","Layers":["a/layer.tar"]}]""", "refused")]
    [InlineData("""[{"Config":"c.json","RepoTags":["NO NAME"],"Layers":["a/layer.tar"]}]""", "can't be used")]
    [InlineData("[]", "names no image")]
    [InlineData("{}", "not the manifest.json")]
    [InlineData("[null]", "holds null")]
    [InlineData("""[{"Config":"c.json","RepoTags":[null],"Layers":["a/layer.tar"]}]""", "holds null")]
    public async Task A_damaged_docker_archive_is_refused_in_words(string manifest, string message) =>
        Assert.Contains(message, await Refused(new TarBuilder().File("a/layer.tar", Layer).File("wrong.tar", "x").Symlink("round.tar", "round.tar")
            .File("c.json", Config).File("manifest.json", manifest).ToArray()), StringComparison.Ordinal);

    [Fact]
    public async Task A_large_document_is_refused_before_it_is_read() =>
        Assert.Contains("are allowed", await Refused(Tar([("index.json", new byte[ArchiveBlobs.MaximumDocument + 1])])), StringComparison.Ordinal);

    [Theory]
    [InlineData("a/layer.tar")]
    [InlineData(null)]
    public async Task A_large_blob_flows_by_and_is_not_held(string? name)
    {
        var large = new byte[64 << 20];
        var tar = Tar([(name ?? Blob(large), large), .. Layout(Index(Annotated("")))]);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var thread = Environment.CurrentManagedThreadId;
        await ImageArchiveReader.ReadAsync(new MemoryStream(tar), (b, c) => b.Content.CopyToAsync(Stream.Null, c), null, CancellationToken.None);

        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public async Task A_layout_in_a_directory_is_read_without_following_links()
    {
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            foreach (var (name, content) in Layout(Index(Annotated(""))))
            {
                var path = Path.Combine(directory.FullName, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllBytesAsync(path, content);
            }

            File.CreateSymbolicLink(Path.Combine(directory.FullName, "more.json"), "/etc/hostname");
            var archive = await ImageArchiveReader.ReadDirectoryAsync(directory.FullName, Receive, new() { Name = "a" }, CancellationToken.None);

            Assert.Equal("docker.io/library/a:latest", archive.Images.Single().Name);
            Assert.Equal(3, _received.Count);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void Chain_ids_are_those_of_the_specification()
    {
        var one = Digest(Utf8("1"));
        var two = Digest(Utf8("2"));

        Assert.Equal([one, Digest(Utf8($"{one} {two}"))], ChainId.All([one, two]));
        Assert.Empty(ChainId.All([]));
        Assert.Throws<InvalidDataException>(() => ChainId.All(["x"]));
    }
}
