using System.Runtime.Versioning;
using Containerd.Client.Archives;
using Containerd.Client.IO;
using Containerd.Client.Tests.Oci;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Archives;

/// <summary>An archive of somebody who means harm makes and changes nothing outside of the directory it is unpacked to.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class TreeExtractorTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-extract-").FullName;

    private static TarBuilder Tar => new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    public static TheoryData<string, byte[]> Hostile() => new()
    {
        { "a parent", Tar.File("../evil", "x").ToArray() },
        { "a parent within", Tar.Directory("a").File("a/../../evil", "x").ToArray() },
        { "a parent as a directory", Tar.Directory("../evil").ToArray() },
        { "a link that leads out", Tar.Symlink("link", "..").File("link/evil", "x").ToArray() },
        { "an absolute link that leads out", Tar.Symlink("link", "/tmp").File("link/ctr-evil", "x").ToArray() },
        { "a link as a directory", Tar.Symlink("link", "..").Directory("link").ToArray() },
        { "a link through a link", Tar.Symlink("a", "..").Symlink("a/b", "x").ToArray() },
        { "a hard link to the outside", Tar.Hardlink("link", "../secret").ToArray() },
        { "an absolute hard link", Tar.Hardlink("link", "/etc/passwd").ToArray() },
        { "a hard link through a link", Tar.Symlink("a", "..").Hardlink("b", "a/secret").ToArray() },
        { "a device", Tar.Device("null").ToArray() },
        { "a FIFO", Tar.Fifo("fifo").ToArray() },
        { "a file without a name", Tar.File("./", "x").ToArray() },
        { "a file in no directory", Tar.File("a/b", "x").ToArray() },
        { "no tar", System.Text.Encoding.ASCII.GetBytes(new string('x', 2048)) },
        { "half a tar", Tar.File("file", new byte[4096]).ToArray()[..3000] },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task An_archive_is_refused_that_holds(string what, byte[] tar)
    {
        Assert.NotEmpty(what);
        var target = Scene();

        var error = await Record.ExceptionAsync(() => ExtractAsync(tar, target));

        Assert.True(error is InvalidDataException or IOException, error?.ToString());
        Assert.True(IsWhole(target));
        Assert.DoesNotContain(Directory.GetFiles(target), file => new FileInfo(file).LinkTarget is null);
    }

    [Fact]
    public async Task An_absolute_name_stays_inside()
    {
        var target = Scene();

        await ExtractAsync(Tar.File("/evil", "x").ToArray(), target);

        Assert.Equal("x", File.ReadAllText(target + "/evil"));
    }

    [Property(MaxTest = 300)]
    public Property No_archive_reaches_out_of_its_directory() => Prop.ForAll(
        ArchiveOf().ToArbitrary(),
        tar =>
        {
            var target = Scene();
            try
            {
                ExtractAsync(tar, target).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
            }

            return IsWhole(target);
        });

    [Property(MaxTest = 100)]
    public Property Bytes_that_are_no_archive_are_refused(byte[] noise) => Prop.When(
        noise.Any(b => b != 0),
        () => Assert.ThrowsAnyAsync<InvalidDataException>(() => ExtractAsync(noise, Scene())).GetAwaiter().GetResult() is not null);

    // A directory with links that lead out of it already, and beside it what must stay as it is.
    private string Scene()
    {
        var scene = Path.Combine(_root, Path.GetRandomFileName());
        Directory.CreateDirectory(scene + "/target");
        File.WriteAllText(scene + "/secret", "secret");
        File.SetUnixFileMode(scene + "/secret", UnixFileMode.UserRead);
        File.CreateSymbolicLink(scene + "/target/there", "..");
        File.CreateSymbolicLink(scene + "/target/that", "../secret");
        return scene + "/target";
    }

    private static bool IsWhole(string target)
    {
        var scene = Path.GetDirectoryName(target)!;
        return Directory.GetFileSystemEntries(scene).Order(StringComparer.Ordinal).SequenceEqual([scene + "/secret", target])
            && File.ReadAllText(scene + "/secret") == "secret"
            && File.GetUnixFileMode(scene + "/secret") == UnixFileMode.UserRead
            && Directory.GetFiles(target, ".ctr-*").Length == 0;
    }

    private static async Task ExtractAsync(byte[] tar, string target)
    {
        using var directory = Libc.OpenDirectory(target);
        await TreeExtractor.ExtractAsync(new MemoryStream(tar), directory, null, new CopyCount(), CancellationToken.None);
    }

    private static Gen<byte[]> ArchiveOf()
    {
        var part = Gen.Elements("a", "b", "..", ".", "", "there", "that", "secret", "evil");
        var path = Gen.Select(Gen.NonEmptyListOf(part), parts => string.Join('/', parts.Take(4)));
        var entry = from kind in Gen.Choose(0, 5) from name in path from target in path select (kind, name, target);
        return Gen.Select(Gen.ListOf(entry), entries =>
        {
            var tar = Tar;
            foreach (var (kind, name, target) in entries.Where(e => e.name.Length > 0))
            {
                tar = kind switch
                {
                    0 or 1 => tar.Directory(name),
                    2 when target.Length > 0 => tar.Symlink(name, target),
                    3 when target.Length > 0 => tar.Hardlink(name, target),
                    _ => tar.File(name, "x"),
                };
            }

            return tar.ToArray();
        });
    }
}
