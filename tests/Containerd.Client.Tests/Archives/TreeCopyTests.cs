using System.Diagnostics;
using System.Formats.Tar;
using System.Runtime.Versioning;
using Containerd.Client.Archives;

namespace Containerd.Client.Tests.Archives;

/// <summary>Where a copy goes, what it keeps, and that a tree of another's cannot lead it astray.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class TreeCopyTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-copy-").FullName;

    public TreeCopyTests()
    {
        Directory.CreateDirectory(Of("inside"));
        Directory.CreateDirectory(Of("host"));
        File.WriteAllText(Of("secret"), "secret");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // The path of the item, where it goes, where it is then: as with cp and docker cp.
    [Theory]
    [InlineData("/file", "there", "there/file")]
    [InlineData("/file", "there/", "there/file")]
    [InlineData("/file", "new", "new")]
    [InlineData("/file", "other", "other")]
    [InlineData("/dir", "there", "there/dir/f")]
    [InlineData("/dir/", "there", "there/dir/f")]
    [InlineData("/dir/.", "there", "there/f")]
    [InlineData("/dir", "new", "new/f")]
    [InlineData("/dir", "new/", "new/f")]
    [InlineData("/dir/.", "new", "new/f")]
    [InlineData("/dir/../file", "new", "new")]
    [InlineData("/", "there", "there/dir/f")]
    [InlineData("/link/f", "new", "new")]
    [InlineData("/link/", "there", "there/link/f")]
    public async Task An_item_goes_where_people_expect_it(string source, string destination, string expected)
    {
        Directory.CreateDirectory(Of("inside/dir"));
        File.WriteAllText(Of("inside/dir/f"), "content");
        File.WriteAllText(Of("inside/file"), "content");
        File.CreateSymbolicLink(Of("inside/link"), "/dir");
        Directory.CreateDirectory(Of("host/there"));
        File.WriteAllText(Of("host/other"), "what was there before, and is longer");

        await CopyOutAsync(source, destination);

        Assert.Equal("content", File.ReadAllText(Of("host/" + expected)));
    }

    [Theory]
    [InlineData("/nothing", "new", "PathNotFound")]
    [InlineData("/file/", "new", "PathNotFound")]
    [InlineData("/file/below", "new", "PathNotFound")]
    [InlineData("/file", "missing/new", "PathNotFound")]
    [InlineData("/file", "missing/", "PathNotFound")]
    [InlineData("/file", "other/new", "DestinationNotDirectory")]
    [InlineData("/file", "other/", "DestinationNotDirectory")]
    [InlineData("/dir", "other", "DestinationNotDirectory")]
    [InlineData("/dir", "clash", "DestinationNotDirectory")]
    [InlineData("/file", "clash", "DestinationIsDirectory")]
    public async Task What_cannot_be_copied_is_an_error_of_its_own(string source, string destination, string errorId)
    {
        Directory.CreateDirectory(Of("inside/dir"));
        File.WriteAllText(Of("inside/file"), "content");
        File.WriteAllText(Of("host/other"), "other");
        Directory.CreateDirectory(Of("host/clash/file"));
        File.WriteAllText(Of("host/clash/dir"), "a file");

        var error = await Assert.ThrowsAsync<CtrException>(() => CopyOutAsync(source, destination));

        Assert.True(error.ErrorId == errorId, $"{error.ErrorId}: {error.Message}");
        Assert.DoesNotContain("/proc/self", error.Message, StringComparison.Ordinal);
        Assert.Equal("other", File.ReadAllText(Of("host/other")));
        Assert.Equal(["clash", "other"], NamesIn("host"));
    }

    [Fact]
    public async Task Modes_times_links_and_empty_directories_are_kept_and_set_user_id_is_not()
    {
        var time = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567);
        Directory.CreateDirectory(Of("inside/d/empty"));
        File.WriteAllText(Of("inside/d/run"), "#!");
        File.SetUnixFileMode(Of("inside/d/run"), (UnixFileMode)0xDED); // 6755
        File.SetLastWriteTimeUtc(Of("inside/d/run"), time);
        File.CreateSymbolicLink(Of("inside/d/absolute"), "/etc/passwd");
        File.CreateSymbolicLink(Of("inside/d/out"), "../../../secret");
        File.WriteAllText(Of("inside/d/a \\ ü\n" + new string('n', 200)), "name");
        File.SetUnixFileMode(Of("inside/d/empty"), (UnixFileMode)0x16D); // 555
        Directory.SetLastWriteTimeUtc(Of("inside/d/empty"), time);

        var count = await CopyOutAsync("/d", "d");

        Assert.Equal((4, 6, 0), (count.Files, count.Size, count.Skipped));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(Of("host/d/run"))); // 755
        Assert.Equal(time, File.GetLastWriteTimeUtc(Of("host/d/run")));
        Assert.Equal((UnixFileMode)0x16D, File.GetUnixFileMode(Of("host/d/empty")));
        Assert.Equal(time, Directory.GetLastWriteTimeUtc(Of("host/d/empty")));
        Assert.Equal("/etc/passwd", new FileInfo(Of("host/d/absolute")).LinkTarget);
        Assert.Equal("../../../secret", new FileInfo(Of("host/d/out")).LinkTarget);
        Assert.Equal(NamesIn("inside/d"), NamesIn("host/d"));
    }

    [Fact]
    public async Task What_is_no_file_directory_or_link_is_left_out_and_counted()
    {
        Directory.CreateDirectory(Of("inside/d"));
        using (var mkfifo = Process.Start("mkfifo", [Of("inside/d/fifo")]))
        {
            await mkfifo.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        }

        File.WriteAllText(Of("inside/d/file"), "");

        var count = await CopyOutAsync("/d", "d");

        Assert.Equal((1, 1), (count.Files, count.Skipped));
        Assert.Equal(["file"], NamesIn("host/d"));
    }

    [Theory]
    [InlineData("/out/new")]
    [InlineData("/up/new")]
    [InlineData("/../../new")]
    [InlineData("/chain/new")]
    public async Task A_link_in_the_tree_that_is_written_to_leads_nowhere_outside(string destination)
    {
        Directory.CreateDirectory(Of("outside"));
        Directory.CreateDirectory(Of("inside" + Of("outside")));
        Directory.CreateDirectory(Of("inside/outside"));
        File.CreateSymbolicLink(Of("inside/out"), Of("outside"));
        File.CreateSymbolicLink(Of("inside/up"), "../../../../outside");
        File.CreateSymbolicLink(Of("inside/chain"), "up/../up");
        File.WriteAllText(Of("host/file"), "content");

        using var inside = FileTree.Open(Of("inside"));
        await TreeCopy.RunAsync(new(Of("host/file")), new(destination, "web", inside), null, CancellationToken.None);

        Assert.Empty(NamesIn("outside"));
        Assert.Single(Directory.GetFiles(Of("inside"), "new", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("/out")]
    [InlineData("/d/out/secret")]
    [InlineData("/../secret")]
    public async Task A_link_in_the_tree_that_is_read_gives_nothing_of_outside(string source)
    {
        Directory.CreateDirectory(Of("inside/d"));
        File.CreateSymbolicLink(Of("inside/out"), Of("secret"));
        File.CreateSymbolicLink(Of("inside/d/out"), _root);

        try
        {
            await CopyOutAsync(source, "copy");
        }
        catch (CtrException e) when (e.ErrorId == "PathNotFound")
        {
        }

        Assert.DoesNotContain(new DirectoryInfo(Of("host")).GetFiles(), file => file.LinkTarget is null);
    }

    [Fact]
    public async Task A_link_where_the_copy_goes_is_replaced_and_not_followed()
    {
        Directory.CreateDirectory(Of("inside/d"));
        File.WriteAllText(Of("inside/d/file"), "content");
        Directory.CreateDirectory(Of("host/d"));
        File.CreateSymbolicLink(Of("host/d/file"), Of("secret"));

        await CopyOutAsync("/d", ".");

        Assert.Equal("content", File.ReadAllText(Of("host/d/file")));
        Assert.Equal("secret", File.ReadAllText(Of("secret")));
    }

    [Fact]
    public async Task A_tree_that_changes_all_the_time_is_never_left()
    {
        Directory.CreateDirectory(Of("inside/tree/d"));
        Directory.CreateDirectory(Of("outside"));
        File.WriteAllText(Of("outside/f"), "outside");
        File.WriteAllText(Of("inside/tree/d/f"), "inside");
        using var stop = new CancellationTokenSource();
        var changing = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Directory.Move(Of("inside/tree/d"), Of("inside/away"));
                File.CreateSymbolicLink(Of("inside/tree/d"), Of("outside"));
                File.Delete(Of("inside/tree/d"));
                Directory.Move(Of("inside/away"), Of("inside/tree/d"));
            }
        });
        try
        {
            for (var i = 0; i < 300; i++)
            {
                await CopyOutAsync("/tree", $"copy{i}");
                var file = Of($"host/copy{i}/d/f");
                Assert.True(new DirectoryInfo(Of($"host/copy{i}/d")).LinkTarget is not null || !File.Exists(file) || File.ReadAllText(file) == "inside");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await changing.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    [Fact]
    public async Task A_deep_tree_is_copied()
    {
        var path = "inside";
        for (var depth = 0; depth < 200; depth++)
        {
            path += "/d123456789";
        }

        Directory.CreateDirectory(Of(path));
        File.WriteAllText(Of(path + "/file"), "deep");

        var count = await CopyOutAsync("/d123456789", ".");

        Assert.Equal((1, 4), (count.Files, count.Size));
    }

    [Fact]
    public async Task The_length_of_a_file_is_told_beyond_8_GiB()
    {
        const long Length = 9L << 30;
        await using (var sparse = File.Create(Of("inside/big")))
        {
            sparse.SetLength(Length);
        }

        using var inside = FileTree.Open(Of("inside"));
        using var big = inside.Find("/big", follow: false)!;
        using var stop = new CancellationTokenSource();
        var beginning = new BeginningStream(1 << 20, stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => TreeWriter.WriteAsync(big, "big", beginning, new CopyCount(), stop.Token));

        beginning.Position = 0;
        await using var tar = new TarReader(beginning);
        Assert.Equal(Length, (await tar.GetNextEntryAsync())?.Length);
    }

    // Keeps so many bytes and then ends the work.
    private sealed class BeginningStream(int length, CancellationTokenSource stop) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            if (Length > length)
            {
                await stop.CancelAsync();
            }
        }

        public override bool CanSeek => false;
    }

    [Theory]
    [InlineData("/data", "host/data/below", "CopyIntoItself")]
    [InlineData("/data", "host/data/below/new", "CopyIntoItself")]
    [InlineData("/data", "host/data", "CopyIntoItself")]
    [InlineData("/data/.", "host/data", "CopyIntoItself")]
    [InlineData("/data", "host/beside", null)]
    [InlineData("/data", "host/data2", null)]
    public async Task A_directory_is_not_copied_into_itself_by_whatever_path(string source, string destination, string? errorId)
    {
        Directory.CreateDirectory(Of("host/data/below"));
        Directory.CreateDirectory(Of("host/beside"));
        File.WriteAllText(Of("host/data/file"), "content");

        // The same directory by another root, as a bind mount is.
        using var inside = FileTree.Open(Of("host"));
        var copying = TreeCopy.RunAsync(new(source, "web", inside), new(Of(destination)), null, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));

        if (errorId is null)
        {
            await copying;
            Assert.Single(Directory.GetFiles(Of(destination), "file", SearchOption.AllDirectories));
        }
        else
        {
            Assert.Equal(errorId, (await Assert.ThrowsAsync<CtrException>(() => copying)).ErrorId);
            Assert.Single(Directory.GetFiles(Of("host"), "file", SearchOption.AllDirectories));
        }
    }

    private string Of(string path) => _root + "/" + path.TrimStart('/');

    private string[] NamesIn(string path) => [.. new DirectoryInfo(Of(path)).GetFileSystemInfos().Select(file => file.Name).Order(StringComparer.Ordinal)];

    private async Task<CopyCount> CopyOutAsync(string source, string destination)
    {
        using var inside = FileTree.Open(Of("inside"));
        return await TreeCopy.RunAsync(new(source, "web", inside), new(Of("host/" + destination)), null, CancellationToken.None)
            .WaitAsync(TimeSpan.FromSeconds(60));
    }
}
