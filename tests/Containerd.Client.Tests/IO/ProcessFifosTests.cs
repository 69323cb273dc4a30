using System.Runtime.Versioning;
using Containerd.Client.IO;

namespace Containerd.Client.Tests.IO;

[UnsupportedOSPlatform("windows")]
public sealed class ProcessFifosTests : IOFixture
{
    [Fact]
    public void Makes_three_fifos_for_the_owner_alone_and_leaves_nothing_behind()
    {
        using (var fifos = ProcessFifos.Create(FifoDirectory, "init", standardInput: true, terminal: false))
        {
            Assert.Equal(Path.Combine(FifoDirectory, "init-stdin"), fifos.StandardInputPath);
            Assert.Equal(Path.Combine(FifoDirectory, "init-stdout"), fifos.StandardOutputPath);
            Assert.Equal(Path.Combine(FifoDirectory, "init-stderr"), fifos.StandardErrorPath);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(FifoDirectory));
            foreach (var path in new[] { fifos.StandardInputPath, fifos.StandardOutputPath, fifos.StandardErrorPath })
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
                Fifo.Open(path, FileAccess.Read).Dispose();
            }
        }

        Assert.False(Directory.Exists(FifoDirectory));
    }

    [Fact]
    public void A_terminal_has_no_standard_error_and_no_standard_input_unless_wanted()
    {
        using var fifos = ProcessFifos.Create(FifoDirectory, "init", standardInput: false, terminal: true);
        Assert.Equal("", fifos.StandardErrorPath);
        Assert.Equal("", fifos.StandardInputPath);
        Assert.Single(Directory.GetFileSystemEntries(FifoDirectory));
    }

    [Fact]
    public void A_directory_that_was_there_or_is_in_use_stays()
    {
        Directory.CreateDirectory(FifoDirectory);
        ProcessFifos.Create(FifoDirectory, "init", true, false).Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(FifoDirectory));

        var other = Path.Combine(Root, "other");
        var first = ProcessFifos.Create(other, "init", true, false);
        using var second = ProcessFifos.Create(other, "exec", true, false);
        first.Dispose();
        Assert.Equal(3, Directory.GetFileSystemEntries(other).Length);
        second.Dispose();
        Directory.Delete(other);
    }

    [Fact]
    public void A_left_over_fifo_is_replaced()
    {
        Directory.CreateDirectory(FifoDirectory);
        var path = Path.Combine(FifoDirectory, "init-stdout");
        Fifo.Create(path);
        using var stale = Fifo.Open(path, FileAccess.ReadWrite);
        using var fifos = ProcessFifos.Create(FifoDirectory, "init", false, false);

        // No reader: the new FIFO is not the one that is still open.
        Assert.Throws<IOException>(() => Fifo.Open(path, FileAccess.Write));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link")]
    [InlineData("directory")]
    public void Anything_else_with_the_name_is_refused_and_kept_and_nothing_half_made_remains(string kind)
    {
        Directory.CreateDirectory(FifoDirectory);
        var path = Path.Combine(FifoDirectory, "init-stderr");
        var target = Path.Combine(Root, "target");
        Fifo.Create(target);
        switch (kind)
        {
            case "file":
                File.WriteAllText(path, "precious");
                break;
            case "link":
                File.CreateSymbolicLink(path, target);
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }

        Assert.Throws<IOException>(() => ProcessFifos.Create(FifoDirectory, "init", true, false));
        Assert.Equal([path], Directory.GetFileSystemEntries(FifoDirectory));
        Assert.True(Path.Exists(target));
        Assert.Equal(0, OpenDescriptors());
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../init")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("-a")]
    [InlineData("a--b")]
    [InlineData("init\n")]
    [InlineData("ïnit")]
    [InlineData("a\0b")]
    [InlineData("a1234567890123456789012345678901234567890123456789012345678901234567890123456")]
    public void A_name_that_is_no_identifier_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => ProcessFifos.Create(FifoDirectory, name, true, false));
        Assert.False(Directory.Exists(FifoDirectory));
    }

    [Fact]
    public void A_relative_directory_is_refused() =>
        Assert.Throws<ArgumentException>(() => ProcessFifos.Create("fifo", "init", true, false));

    [Fact]
    public void Existing_fifos_survive_their_description()
    {
        using var fifos = ProcessFifos.Create(FifoDirectory, "init", false, false);
        ProcessFifos.Existing("", fifos.StandardOutputPath, fifos.StandardErrorPath).Dispose();
        Assert.True(Path.Exists(fifos.StandardOutputPath));
    }
}
