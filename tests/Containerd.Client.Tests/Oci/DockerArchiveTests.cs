using System.Text;
using Containerd.Client.Oci.Images;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Oci;

public class DockerArchiveTests : ImageArchiveFixture
{
    private static readonly string DockerManifest = $$"""[{"Config":"{{Digest(Config)[7..]}}.json","RepoTags":["busybox:1","team/app:2"],"Layers":["abc/layer.tar"]}]""";

    [Property(MaxTest = 40)]
    public async Task Docker_save_is_read_in_any_order_and_its_manifest_made(int seed)
    {
        Received.Clear();
        (string, byte[])[] files = [("abc/layer.tar", Layer), ("abc/VERSION", Utf8("1.0")), ("abc/json", Utf8("{}")), (Digest(Config)[7..] + ".json", Config), ("manifest.json", Utf8(DockerManifest)), ("repositories", Utf8("{}"))];
        new Random(seed).Shuffle(files);

        var archive = await Read(Tar(files));

        Assert.Equal(["docker.io/library/busybox:1", "docker.io/team/app:2"], archive.Images.Select(i => i.Name));
        var target = archive.Images[0].Target;
        Assert.Equal((MediaTypes.DockerManifest, "linux/arm64"), (target.MediaType, target.Platform!.ToString()));
        Assert.Equal($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.DockerManifest}}","config":{{Descriptor(MediaTypes.DockerConfig, Config)}},"layers":[{{Descriptor(MediaTypes.DockerLayer, Layer)}}]}
            """, Encoding.UTF8.GetString(Received[target.Digest]));
        Assert.Equal(3, Received.Count);
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
}
