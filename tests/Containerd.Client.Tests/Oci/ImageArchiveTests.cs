using System.Text;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Images;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Oci;

public class ImageArchiveTests : ImageArchiveFixture
{
    [Property(MaxTest = 60)]
    public async Task An_oci_layout_is_read_in_any_order_plain_and_gzip(int seed, bool gzip)
    {
        Received.Clear();
        var files = Layout(Index(Annotated("\"io.containerd.image.name\":\"docker.io/library/a:1\"")));
        new Random(seed).Shuffle(files);
        var tar = Tar(files);

        var archive = await Read(gzip ? TarBuilder.Gzip(tar) : tar);

        var image = Assert.Single(archive.Images);
        Assert.Equal(("docker.io/library/a:1", Digest(Manifest)), (image.Name, image.Target.Digest));
        Assert.Equal("linux/arm64", image.Target.Platform!.ToString());
        Assert.Equal(new[] { Digest(Layer), Digest(Config), Digest(Manifest) }.Order(), Received.Keys.Order());
        Assert.Equal(Received.Keys.Order(), archive.Blobs.Order());
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
        Assert.Equal(Utf8(index), Received[Digest(Utf8(index))]);
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
        Assert.DoesNotContain(Digest(files[which].Content), Received.Keys);
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
        Received.Clear();
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
            Assert.Equal(3, Received.Count);
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
