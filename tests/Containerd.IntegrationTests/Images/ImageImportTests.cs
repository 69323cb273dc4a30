using Containerd.Client;
using Containerd.Client.Oci.Users;

namespace Containerd.IntegrationTests.Images;

public sealed class ImageImportTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    private const string Name = "docker.io/library/busybox:latest";

    [SkippableTheory]
    [InlineData("busybox.tar")]
    [InlineData("busybox.tar.gz")]
    [InlineData("busybox-docker.tar")]
    public async Task An_imported_image_is_complete_for_ctr_and_runs(string archive)
    {
        using var client = Client();
        var snapshotter = await SnapshotterAsync(client);

        var image = Assert.Single(await client.Images.ImportAsync(ArchivePath(archive)));

        Assert.Equal(Name, image.Name);
        Assert.Contains(image.Digest, await daemon.RunCtrAsync("images", "list", $"name=={Name}"));
        var check = await daemon.RunCtrAsync("images", "check", "--snapshotter", snapshotter, $"name=={Name}");
        Assert.Matches(@"complete \(\d/\d\).* true\s*$", check);
        var id = $"run-{Guid.NewGuid():N}";
        Assert.Equal("hello\n", await daemon.RunCtrAsync("run", "--rm", "--snapshotter", snapshotter, Name, id, "echo", "hello"));
        Assert.Empty(await daemon.RunCtrAsync("leases", "list", "--quiet"));
        Assert.DoesNotContain("extract-", await daemon.RunCtrAsync("snapshots", "--snapshotter", snapshotter, "list"));
    }

    [SkippableFact]
    public async Task What_belongs_to_an_image_outlives_the_garbage_collector()
    {
        using var client = Client();
        var snapshotter = await SnapshotterAsync(client);
        await client.Images.ImportAsync(ArchivePath("busybox.tar"));
        var before = await daemon.RunCtrAsync("content", "list", "--quiet");

        await CollectAsync();

        Assert.Equal(before, await daemon.RunCtrAsync("content", "list", "--quiet"));
        Assert.True(await client.Images.IsUnpackedAsync(Name, snapshotter));
    }

    [SkippableFact]
    public async Task The_content_is_labelled_as_ctr_labels_it()
    {
        using var client = Client();
        var snapshotter = await SnapshotterAsync(client);
        var other = new DaemonFixture();
        try
        {
            await other.RunCtrAsync("images", "import", "--snapshotter", snapshotter, ArchivePath("busybox.tar"));
            await client.Images.ImportAsync(ArchivePath("busybox.tar"));

            // ctr keeps the archive's index as content, which belongs to no image and stays until the next collection.
            await CollectAsync();
            Assert.Empty((await LabelsAsync(other)).Except(await LabelsAsync(daemon)));
        }
        finally
        {
            await other.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Importing_again_changes_nothing()
    {
        using var client = Client();
        await SnapshotterAsync(client);
        var first = Assert.Single(await client.Images.ImportAsync(ArchivePath("busybox.tar")));
        var content = await daemon.RunCtrAsync("content", "list", "--quiet");

        var second = Assert.Single(await client.Images.ImportAsync(ArchivePath("busybox.tar")));

        Assert.Equal(first.Digest, second.Digest);
        Assert.Equal(first.CreatedAt, second.CreatedAt);
        Assert.Equal(content, await daemon.RunCtrAsync("content", "list", "--quiet"));
    }

    [SkippableFact]
    public async Task Four_imports_of_one_image_at_the_same_time_all_succeed()
    {
        using var client = Client();
        var snapshotter = await SnapshotterAsync(client);
        var builder = new OciArchiveBuilder();
        var layers = Enumerable.Range(0, 3).Select(i => OciArchiveBuilder.Layer($"file-{i}", RandomBytes(3 << 20))).ToArray();
        var archive = builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, layers), "example.com/concurrent:1").ToArray();

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.Images.ImportAsync(new MemoryStream(archive))));

        Assert.Single(results.Select(images => Assert.Single(images).Digest).Distinct());
        await CollectAsync();
        Assert.True(await client.Images.IsUnpackedAsync("example.com/concurrent:1", snapshotter));
        Assert.Matches("complete", await daemon.RunCtrAsync("images", "check", "name==example.com/concurrent:1"));
        Assert.DoesNotContain("import-", await daemon.RunCtrAsync("content", "active"));
    }

    [SkippableFact]
    public async Task An_image_that_another_namespace_has_is_taken_over_from_there()
    {
        using var client = Client();
        await SnapshotterAsync(client);
        var other = new DaemonFixture();
        try
        {
            using var first = ContainerdClient.Create(ContainerdAddress.Parse(daemon.Address), other.Namespace);
            var builder = new OciArchiveBuilder();
            var layer = OciArchiveBuilder.Layer("file", RandomBytes(2 << 20));
            var archive = builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, layer), "example.com/shared:1").ToArray();
            await first.Images.ImportAsync(new MemoryStream(archive));

            await client.Images.ImportAsync(new MemoryStream(archive));

            Assert.Matches("complete", await daemon.RunCtrAsync("images", "check", "name==example.com/shared:1"));
        }
        finally
        {
            await other.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task The_name_that_is_asked_for_takes_the_place_of_the_archives_name()
    {
        using var client = Client();
        await SnapshotterAsync(client);

        var image = Assert.Single(await client.Images.ImportAsync(ArchivePath("busybox.tar"), new ImageImportOptions { Name = "other:2" }));

        Assert.Equal("docker.io/library/other:2", image.Name);
        Assert.Equal(image.Digest, (await client.Images.GetAsync("other:2")).Digest);
    }

    [SkippableFact]
    public async Task An_image_that_was_not_unpacked_is_unpacked_later()
    {
        using var client = Client();
        var snapshotter = await SnapshotterAsync(client);
        var builder = new OciArchiveBuilder();
        var layer = OciArchiveBuilder.Layer("file", RandomBytes(1000));
        var archive = builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, layer), "example.com/packed:1").ToArray();
        await client.Images.ImportAsync(new MemoryStream(archive), new ImageImportOptions { Unpack = false });
        Assert.False(await client.Images.IsUnpackedAsync("example.com/packed:1", snapshotter));

        await client.Images.UnpackAsync("example.com/packed:1", snapshotter);

        await CollectAsync();
        Assert.True(await client.Images.IsUnpackedAsync("example.com/packed:1", snapshotter));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_several_platforms_only_those_asked_for_are_kept(bool all)
    {
        using var client = Client();
        await SnapshotterAsync(client);
        var builder = new OciArchiveBuilder();
        var foreign = OciArchiveBuilder.Layer("foreign", RandomBytes(1000));
        var index = builder.AddIndex(
            builder.AddManifest("riscv64", foreign), builder.AddManifest(OciArchiveBuilder.Architecture, OciArchiveBuilder.Layer("own", RandomBytes(1000))));
        var name = $"example.com/platforms-{all}:1".ToLowerInvariant();
        var archive = builder.Name(index, name).ToArray();

        await client.Images.ImportAsync(new MemoryStream(archive), new ImageImportOptions { AllPlatforms = all });

        await CollectAsync();
        var content = await daemon.RunCtrAsync("content", "list", "--quiet");
        Assert.Equal(all, content.Contains(OciArchiveBuilder.Digest(foreign), StringComparison.Ordinal));
        Assert.True(await client.Images.IsUnpackedAsync(name));
    }

    [SkippableFact]
    public async Task An_image_tells_its_size_and_platform()
    {
        using var client = Client();
        await SnapshotterAsync(client);

        var image = Assert.Single(await client.Images.ImportAsync(ArchivePath("busybox.tar")));

        Assert.InRange(image.Size!.Value, 100_000, new FileInfo(ArchivePath("busybox.tar")).Length);
        Assert.Equal(CtrPlatform.Current, Assert.Single(image.Platforms));
    }

    [SkippableFact]
    public async Task The_users_of_an_image_are_read_out_of_its_layers()
    {
        using var client = Client();
        await SnapshotterAsync(client);
        await client.Images.ImportAsync(ArchivePath("busybox.tar"));

        var image = await client.Images.ResolveAsync("busybox", null, CancellationToken.None);
        var user = UserResolver.Resolve("app", await client.Images.ReadAccountFilesAsync(image, CancellationToken.None));

        Assert.Equal(["sh"], image.Config.Cmd);
        Assert.Equal((1000u, 1000u), (user.Uid, user.Gid));
        Assert.Contains(2000u, user.AdditionalGids);
    }

    [SkippableFact]
    public async Task A_deleted_image_is_gone_with_its_content()
    {
        using var client = Client();
        await SnapshotterAsync(client);
        var builder = new OciArchiveBuilder();
        var layer = OciArchiveBuilder.Layer("file", RandomBytes(1000));
        var archive = builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, layer), "example.com/gone:1").ToArray();
        await client.Images.ImportAsync(new MemoryStream(archive));

        await client.Images.DeleteAsync("example.com/gone:1", wait: true);

        Assert.DoesNotContain(OciArchiveBuilder.Digest(layer), await daemon.RunCtrAsync("content", "list", "--quiet"));
        var error = await Assert.ThrowsAsync<CtrException>(() => client.Images.GetAsync("example.com/gone:1"));
        Assert.Equal("ImageNotFound", error.ErrorId);
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    private static async Task<HashSet<string>> LabelsAsync(DaemonFixture fixture)
    {
        var lines = (await fixture.RunCtrAsync("content", "list")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1);

        // The age is left out, and the order of the labels.
        return lines.Select(line => line.Split('\t', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(fields => $"{fields[0]} {string.Join(',', fields[^1].Split(',').Order(StringComparer.Ordinal))}")
            .ToHashSet();
    }

    private async Task CollectAsync()
    {
        var lease = $"collect-{Guid.NewGuid():N}";
        await daemon.RunCtrAsync("leases", "create", "--id", lease);
        await daemon.RunCtrAsync("leases", "delete", "--sync", lease);
    }

    private ContainerdClient Client()
    {
        daemon.Require();
        return ContainerdClient.Create(ContainerdAddress.Parse(daemon.Address), daemon.Namespace);
    }

    private static async Task<string> SnapshotterAsync(ContainerdClient client)
    {
        var plugins = await client.Introspection.ListPluginsAsync(["type==io.containerd.snapshotter.v1,id==overlayfs"]);
        return plugins.Any(plugin => plugin.IsLoaded) ? "overlayfs" : "native";
    }

    private string ArchivePath(string name) => Path.Combine(daemon.ImagesDirectory, name);
}
