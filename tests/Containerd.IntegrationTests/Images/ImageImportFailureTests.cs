using Containerd.Client;

namespace Containerd.IntegrationTests.Images;

/// <summary>What fails or is cancelled leaves nothing: no image, content, ingest, lease or snapshot.</summary>
public sealed class ImageImportFailureTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    private const string Name = "example.com/test:1";

    [SkippableFact]
    public async Task A_blob_with_another_digest_is_refused()
    {
        var layer = OciArchiveBuilder.Layer("file", new byte[3 << 20]);
        var builder = Image(layer);
        builder.Damage(OciArchiveBuilder.Digest(layer));

        await RefusedAsync(builder.ToArray(), "ImageArchiveInvalid", "digest");
    }

    [SkippableFact]
    public async Task A_missing_layer_is_named()
    {
        var layer = OciArchiveBuilder.Layer("file", [1, 2, 3]);
        var builder = Image(layer);
        builder.Remove(OciArchiveBuilder.Digest(layer));

        await RefusedAsync(builder.ToArray(), "ImageArchiveInvalid", OciArchiveBuilder.Digest(layer));
    }

    [SkippableTheory]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public async Task A_truncated_archive_is_refused(double part)
    {
        var archive = Image(OciArchiveBuilder.Layer("file", new byte[2 << 20])).ToArray();

        await RefusedAsync(archive[..(int)(archive.Length * part)], "ImageArchiveInvalid", "");
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(10_000)]
    public async Task Bytes_that_are_no_archive_are_refused(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);

        await RefusedAsync(bytes, "ImageArchiveInvalid", "");
    }

    [SkippableFact]
    public async Task A_layer_that_is_not_what_the_configuration_says_is_refused()
    {
        var builder = new OciArchiveBuilder();
        var good = OciArchiveBuilder.Layer("good", [1]);
        var bad = OciArchiveBuilder.Layer("bad", [2]);
        var wrong = OciArchiveBuilder.Digest([3]);
        builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, [OciArchiveBuilder.Digest(good), wrong], good, bad), Name);

        await RefusedAsync(builder.ToArray(), "ImageLayerMismatch", wrong);
    }

    [SkippableFact]
    public async Task An_archive_without_a_name_asks_for_one()
    {
        var builder = new OciArchiveBuilder();
        builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, OciArchiveBuilder.Layer("file", [1])), null);

        await RefusedAsync(builder.ToArray(), "ImageNameMissing", "name");
    }

    [SkippableFact]
    public async Task An_image_of_another_platform_is_refused()
    {
        var builder = new OciArchiveBuilder();
        builder.Name(builder.AddManifest("riscv64", OciArchiveBuilder.Layer("file", [1])), Name);

        await RefusedAsync(builder.ToArray(), "ImagePlatformNotFound", "linux/riscv64");
    }

    [SkippableFact]
    public async Task A_snapshotter_that_the_daemon_does_not_have_is_named()
    {
        var archive = Image(OciArchiveBuilder.Layer("file", [1])).ToArray();

        await RefusedAsync(archive, "SnapshotterNotFound", "nosuch", new ImageImportOptions { Snapshotter = "nosuch" });
    }

    [SkippableTheory]
    [InlineData(ImageStage.Storing, 1)]
    [InlineData(ImageStage.Storing, 2 << 20)]
    [InlineData(ImageStage.Unpacking, 0)]
    [InlineData(ImageStage.Unpacking, 1)]
    public async Task A_cancelled_import_leaves_nothing(ImageStage stage, int bytes)
    {
        using var client = Client();
        var content = new byte[6 << 20];
        new Random(2).NextBytes(content);
        var archive = Image(OciArchiveBuilder.Layer("one", content), OciArchiveBuilder.Layer("two", content)).ToArray();
        using var cancel = new CancellationTokenSource();
        var progress = new CancelAt(stage, bytes, cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.Images.ImportAsync(new MemoryStream(archive), null, progress, cancel.Token).WaitAsync(TimeSpan.FromMinutes(1)));

        Assert.True(progress.Reached);
        await daemon.SettledAsync();
        await AssertNothingLeftAsync();
    }

    [SkippableFact]
    public async Task An_image_that_is_not_there_is_an_error_that_names_it()
    {
        using var client = Client();

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Images.GetAsync("nosuch:1"));

        Assert.Equal("ImageNotFound", error.ErrorId);
        Assert.Equal(CtrErrorKind.NotFound, error.Kind);
        Assert.Contains("nosuch:1", error.Message, StringComparison.Ordinal);
    }

    private static OciArchiveBuilder Image(params byte[][] layers)
    {
        var builder = new OciArchiveBuilder();
        return builder.Name(builder.AddManifest(OciArchiveBuilder.Architecture, layers), Name);
    }

    private async Task RefusedAsync(byte[] archive, string errorId, string message, ImageImportOptions? options = null)
    {
        using var client = Client();

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Images.ImportAsync(new MemoryStream(archive), options));

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        await AssertNothingLeftAsync();
    }

    private async Task AssertNothingLeftAsync()
    {
        Assert.Empty(await daemon.RunCtrAsync("images", "list", "--quiet"));
        Assert.Empty(await daemon.RunCtrAsync("leases", "list", "--quiet"));
        Assert.Empty(await daemon.RunCtrAsync("content", "list", "--quiet"));
        Assert.DoesNotContain("import-", await daemon.RunCtrAsync("content", "active"), StringComparison.Ordinal);
        foreach (var snapshotter in new[] { "overlayfs", "native" })
        {
            Assert.DoesNotContain("sha256:", await daemon.RunCtrAsync("snapshots", "--snapshotter", snapshotter, "list"), StringComparison.Ordinal);
        }
    }

    private ContainerdClient Client()
    {
        daemon.Require();
        return ContainerdClient.Create(ContainerdAddress.Parse(daemon.Address), daemon.Namespace);
    }

    private sealed class CancelAt(ImageStage stage, int bytes, CancellationTokenSource cancel) : IProgress<ImageProgress>
    {
        public bool Reached { get; private set; }

        public void Report(ImageProgress value)
        {
            if (value.Stage == stage && value.Bytes >= bytes)
            {
                Reached = true;
                cancel.Cancel();
            }
        }
    }
}
