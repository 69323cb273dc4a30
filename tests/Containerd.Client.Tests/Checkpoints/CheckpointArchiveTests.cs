using System.Formats.Tar;
using System.Net.Sockets;
using Containerd.Client.IO;
using Containerd.Client.Tests.Oci;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Checkpoints;

public sealed class CheckpointArchiveTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-archive-").FullName;

    private string Target => Path.Combine(_root, "target");

    private static TarBuilder Checkpoint => new TarBuilder().File("inventory.img", "inventory");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Files_and_directories_come_out_as_they_went_in()
    {
        var source = Path.Combine(_root, "source");
        Directory.CreateDirectory(Path.Combine(source, "a", "b"));
        var pages = new byte[3 * 1024 * 1024 + 1];
        new System.Random(7).NextBytes(pages);
        await File.WriteAllTextAsync(Path.Combine(source, "inventory.img"), "inventory");
        await File.WriteAllBytesAsync(Path.Combine(source, "a", "b", "pages-1.img"), pages);
        await File.WriteAllTextAsync(Path.Combine(source, "empty.img"), "");
        var tar = new MemoryStream();
        await CheckpointArchive.WriteAsync(source, tar, CancellationToken.None);
        tar.Position = 0;

        var size = await CheckpointArchive.ExtractAsync(tar, Target, CancellationToken.None);

        Assert.Equal("inventory".Length + pages.Length, size);
        Assert.Equal(pages, await File.ReadAllBytesAsync(Path.Combine(Target, "a", "b", "pages-1.img")));
        Assert.Equal(
            ["a", "a/b", "a/b/pages-1.img", "empty.img", "inventory.img"],
            Directory.EnumerateFileSystemEntries(Target, "*", SearchOption.AllDirectories).Select(e => Path.GetRelativePath(Target, e)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_comes_out_is_its_owners_alone_whatever_the_archive_says()
    {
        var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "inventory.img")
            {
                Mode = (UnixFileMode)0xFFF, Uid = 12345, DataStream = new MemoryStream([1]),
            });
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "d") { Mode = (UnixFileMode)0xFFF });
        }

        tar.Position = 0;
        await CheckpointArchive.ExtractAsync(tar, Target, CancellationToken.None);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Target, "inventory.img")));
            const UnixFileMode Directory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Assert.Equal(Directory, File.GetUnixFileMode(Target));
            Assert.Equal(Directory, File.GetUnixFileMode(Path.Combine(Target, "d")));
        }
    }

    public static TheoryData<string, byte[]> Hostile() => new()
    {
        { "an absolute path", Checkpoint.File("/etc/evil", "x").ToArray() },
        { "a parent", Checkpoint.File("../evil", "x").ToArray() },
        { "a parent within", Checkpoint.File("a/../../evil", "x").ToArray() },
        { "a parent as a directory", Checkpoint.Directory("../evil").ToArray() },
        { "a backslash", Checkpoint.File("a\\..\\evil", "x").ToArray() },
        { "a drive of Windows", Checkpoint.File("C:evil", "x").ToArray() },
        { "a drive of Windows as a directory", Checkpoint.Directory("C:").ToArray() },
        { "a stream of another file", Checkpoint.File("a/inventory.img:evil", "x").ToArray() },
        { "a link that leads out", Checkpoint.Symlink("link", "..").File("link/evil", "x").ToArray() },
        { "an absolute link", Checkpoint.Symlink("link", "/").ToArray() },
        { "a link within", Checkpoint.Symlink("link", "inventory.img").ToArray() },
        { "a link through a link", Checkpoint.Symlink("a", ".").Symlink("b", "a/../..").ToArray() },
        { "a hard link to the outside", Checkpoint.Hardlink("link", "../secret").ToArray() },
        { "an absolute hard link", Checkpoint.Hardlink("link", "/etc/passwd").ToArray() },
        { "a device", Checkpoint.Device("null").ToArray() },
        { "a FIFO", Checkpoint.Fifo("fifo").ToArray() },
        { "a whiteout", Checkpoint.File(".wh.inventory.img", "").ToArray() },
        { "a whiteout of nothing", Checkpoint.File("a/.wh.", "").ToArray() },
        { "an opaque directory", Checkpoint.File("a/.wh..wh..opq", "").ToArray() },
        { "a whiteout as a directory", Checkpoint.File(".wh.a/b", "").ToArray() },
        { "a file twice", Checkpoint.File("inventory.img", "another").ToArray() },
        { "a file as a directory", Checkpoint.File("inventory.img/evil", "x").ToArray() },
        { "a directory as a file", Checkpoint.File("a/b", "x").File("a", "x").ToArray() },
        { "a file without a name", Checkpoint.File("./", "x").ToArray() },
        { "no inventory", new TarBuilder().File("pages-1.img", "x").ToArray() },
        { "nothing", [] },
        { "no tar", System.Text.Encoding.ASCII.GetBytes(new string('x', 2048)) },
        { "half a tar", Checkpoint.File("pages-1.img", new byte[4096]).ToArray()[..3000] },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task An_archive_is_refused_and_nothing_of_it_remains_that_holds(string what, byte[] tar)
    {
        Assert.NotEmpty(what);
        await File.WriteAllTextAsync(Path.Combine(_root, "secret"), "secret");

        await Assert.ThrowsAsync<InvalidDataException>(() => CheckpointArchive.ExtractAsync(new MemoryStream(tar), Target, CancellationToken.None));

        Assert.Equal([Path.Combine(_root, "secret")], Directory.EnumerateFileSystemEntries(_root));
        Assert.False(File.Exists("/etc/evil"));
    }

    [Property(MaxTest = 300)]
    public Property No_archive_reaches_out_of_its_directory() => Prop.ForAll(
        ArchiveOf().ToArbitrary(),
        tar =>
        {
            var scene = Path.Combine(_root, Path.GetRandomFileName());
            var target = Path.Combine(scene, "in", "target");
            Directory.CreateDirectory(Path.Combine(scene, "in"));
            try
            {
                CheckpointArchive.ExtractAsync(new MemoryStream(tar), target, CancellationToken.None).GetAwaiter().GetResult();
                return Directory.EnumerateFileSystemEntries(scene, "*", SearchOption.AllDirectories)
                    .All(path => path == Path.GetDirectoryName(target) || path == target || path.StartsWith(target + "/", StringComparison.Ordinal))
                    && new DirectoryInfo(target).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).All(file => file.LinkTarget is null);
            }
            catch (InvalidDataException)
            {
                return Directory.EnumerateFileSystemEntries(scene, "*", SearchOption.AllDirectories).Count() == 1;
            }
        });

    [Fact]
    public async Task A_link_in_a_directory_is_not_followed_but_refused()
    {
        var source = Path.Combine(_root, "source");
        Directory.CreateDirectory(source);
        await File.WriteAllTextAsync(Path.Combine(source, "inventory.img"), "");
        File.CreateSymbolicLink(Path.Combine(source, "passwd"), "/etc/passwd");

        await Assert.ThrowsAsync<InvalidDataException>(() => CheckpointArchive.WriteAsync(source, new MemoryStream(), CancellationToken.None));
    }

    [Fact]
    public async Task A_whiteout_in_a_directory_is_refused()
    {
        var source = Path.Combine(_root, "source");
        Directory.CreateDirectory(source);
        await File.WriteAllTextAsync(Path.Combine(source, ".wh.inventory.img"), "");

        await Assert.ThrowsAsync<InvalidDataException>(() => CheckpointArchive.WriteAsync(source, new MemoryStream(), CancellationToken.None));
    }

    [Theory]
    [InlineData("a FIFO")]
    [InlineData("a socket")]
    public async Task What_is_neither_file_nor_directory_is_refused(string what)
    {
        var path = Path.Combine(_root, "source", "a", "odd.img");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (what == "a FIFO")
        {
            Assert.Equal(0, Libc.MakeFifo(path, 0x180));
        }
        else
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
        }

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => Within.BoundedAsync(
            CheckpointArchive.WriteAsync(Path.Combine(_root, "source"), new MemoryStream(), CancellationToken.None)));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_extraction_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var tar = new CancellingStream(Checkpoint.File("pages-1.img", new byte[1024 * 1024]).ToArray(), cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CheckpointArchive.ExtractAsync(tar, Target, cancel.Token));

        Assert.False(Directory.Exists(Target));
    }

    private static Gen<byte[]> ArchiveOf()
    {
        var part = Gen.Elements("a", "b", "..", ".", "", "inventory.img", ".wh.a", "c");
        var path = Gen.Select(Gen.NonEmptyListOf(part), parts => string.Join('/', parts.Take(4)));
        var entry = from kind in Gen.Choose(0, 5) from name in path from target in path select (kind, name, target);
        return Gen.Select(Gen.ListOf(entry), entries =>
        {
            var tar = Checkpoint;
            foreach (var (kind, name, target) in entries.Where(e => e.name.Length > 0))
            {
                tar = kind switch
                {
                    0 => tar.Directory(name),
                    1 when target.Length > 0 => tar.Symlink(name, target),
                    2 when target.Length > 0 => tar.Hardlink(name, target),
                    _ => tar.File(name, "x"),
                };
            }

            return tar.ToArray();
        });
    }

    // Cancels after the first piece of a file.
    private sealed class CancellingStream(byte[] content, CancellationTokenSource cancel) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position > 8192)
            {
                await cancel.CancelAsync();
            }

            cancellationToken.ThrowIfCancellationRequested();
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}
