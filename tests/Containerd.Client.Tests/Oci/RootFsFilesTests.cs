using System.Text;
using Containerd.Client.Oci.Users;

namespace Containerd.Client.Tests.Oci;

public class RootFsFilesTests
{
    private static readonly string[] Passwd = ["etc/passwd"];

    private int _opened;

    private async Task<string?> Read(params byte[][] layers)
    {
        var contents = await Files(layers).ReadAsync(Passwd, CancellationToken.None);
        return contents[0] is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
    }

    private RootFsFiles Files(byte[][] layers) => new([.. layers.Select(l => (Func<CancellationToken, Task<Stream>>)(_ =>
    {
        _opened++;
        return Task.FromResult<Stream>(new MemoryStream(l));
    }))]);

    private static TarBuilder Tar => new();

    [Theory]
    [InlineData("etc/passwd")]
    [InlineData("./etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData(".//etc/./passwd")]
    public async Task A_file_is_found_however_its_name_is_written(string name)
    {
        Assert.Equal("a", await Read(Tar.Directory("etc/").File(name, "a").ToArray()));
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task The_latest_layer_wins_plain_or_gzip() =>
        Assert.Equal("2", await Read(Tar.File("etc/passwd", "1").ToArray(), TarBuilder.Gzip(Tar.File("etc/passwd", "2").ToArray())));

    [Fact]
    public async Task Nothing_is_found_where_nothing_is()
    {
        Assert.Null(await Read());
        Assert.Null(await Read(Tar.File("usr/etc/passwd", "x").File("etc/passwd-", "y").ToArray()));
        Assert.Null(await Read(Tar.Device("etc/passwd").ToArray()));
        Assert.Null(await Read(Tar.Directory("etc/passwd").ToArray()));
    }

    [Fact]
    public async Task An_empty_file_is_a_file() => Assert.Equal("", await Read(Tar.File("etc/passwd", "").ToArray()));

    [Fact]
    public async Task A_whiteout_hides_a_file_and_a_directory()
    {
        var below = Tar.File("etc/passwd", "1").ToArray();

        Assert.Null(await Read(below, Tar.File("etc/.wh.passwd", "").ToArray()));
        Assert.Null(await Read(below, Tar.File(".wh.etc", "").ToArray()));
        Assert.Equal("2", await Read(below, Tar.File("etc/.wh.passwd", "").ToArray(), Tar.File("etc/passwd", "2").ToArray()));
        Assert.Equal("1", await Read(below, Tar.File("etc/.wh.passwd-", "").File("etc/.wh..wh.plnk", "").ToArray()));
    }

    [Fact]
    public async Task An_opaque_directory_hides_lower_layers_but_not_its_own()
    {
        var below = Tar.File("etc/passwd", "1").ToArray();

        Assert.Null(await Read(below, Tar.File("etc/.wh..wh..opq", "").ToArray()));
        Assert.Null(await Read(below, Tar.File(".wh..wh..opq", "").ToArray()));
        Assert.Equal("2", await Read(below, Tar.File("etc/passwd", "2").File("etc/.wh..wh..opq", "").ToArray()));
        Assert.Equal("2", await Read(below, Tar.File("etc/.wh..wh..opq", "").File("etc/passwd", "2").ToArray()));
    }

    [Fact]
    public async Task Replacing_a_directory_by_a_file_hides_what_was_in_it() =>
        Assert.Null(await Read(Tar.File("etc/passwd", "1").ToArray(), Tar.File("etc", "x").ToArray(), Tar.Directory("etc").ToArray()));

    [Theory]
    [InlineData("../usr/lib/passwd")]
    [InlineData("/usr/lib/passwd")]
    [InlineData("../../../usr/./lib/passwd")]
    public async Task A_symbolic_link_is_followed_within_the_root(string target)
    {
        Assert.Equal("a", await Read(Tar.File("usr/lib/passwd", "a").ToArray(), Tar.Symlink("etc/passwd", target).ToArray()));
        Assert.Equal(2 * 2, _opened);
    }

    [Fact]
    public async Task A_linked_directory_is_followed_for_reading_and_for_later_entries()
    {
        var layer = Tar.Symlink("etc", "usr/etc").File("usr/etc/passwd", "1").ToArray();

        Assert.Equal("1", await Read(layer));
        Assert.Equal("2", await Read(layer, Tar.File("etc/passwd", "2").ToArray()));
        Assert.Null(await Read(layer, Tar.File("etc/.wh.passwd", "").ToArray()));
        Assert.Equal("3", await Read(layer, Tar.Directory("etc").File("etc/passwd", "3").ToArray()));
    }

    [Fact]
    public async Task A_hard_link_has_the_content_that_its_target_had_then()
    {
        Assert.Equal("a", await Read(Tar.File("x/y", "a").Hardlink("etc/passwd", "x/y").File("x/y", "b").ToArray()));
        Assert.Equal("a", await Read(Tar.File("x/y", "a").ToArray(), Tar.Hardlink("etc/passwd", "./x/y").ToArray(), Tar.File(".wh.x", "").ToArray()));
        Assert.Null(await Read(Tar.Hardlink("etc/passwd", "no/such").ToArray()));
    }

    [Fact]
    public async Task Links_in_a_circle_end()
    {
        Assert.Null(await Read(Tar.Symlink("etc/passwd", "passwd").ToArray()));
        Assert.Null(await Read(Tar.Symlink("etc/passwd", "/etc/group").Symlink("etc/group", "/etc/passwd").ToArray()));
        Assert.Null(await Read(Tar.Symlink("etc", "etc").File("etc/passwd", "a").ToArray()));
        Assert.Null(await Read(Tar.Hardlink("etc/passwd", "etc/passwd").ToArray()));
    }

    [Fact]
    public async Task A_long_chain_of_links_is_given_up_and_not_read_for_ever()
    {
        var tar = Tar.Symlink("etc/passwd", "/l0");
        for (var i = 0; i < 100; i++)
        {
            tar.Symlink($"l{i}", $"/l{i + 1}");
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => Read(tar.ToArray()));
    }

    [Fact]
    public async Task A_file_above_1_MiB_is_refused_and_one_elsewhere_is_not_looked_at()
    {
        Assert.Equal("a", await Read(Tar.File("big", new byte[(1 << 20) + 1]).File("etc/passwd", "a").ToArray()));
        Assert.Equal(1 << 20, (await Read(Tar.File("etc/passwd", new byte[1 << 20]).ToArray()))!.Length);
        Assert.Contains("1048577 bytes", (await Assert.ThrowsAsync<InvalidDataException>(() => Read(Tar.File("etc/passwd", new byte[(1 << 20) + 1]).ToArray()))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../etc/passwd")]
    [InlineData("a/../../etc/passwd")]
    [InlineData("etc/.wh.")]
    [InlineData("etc/.wh...")]
    public async Task Hostile_names_are_refused(string name) =>
        await Assert.ThrowsAsync<InvalidDataException>(() => Read(Tar.File(name, "x").ToArray()));

    [Fact]
    public async Task What_is_no_tar_is_refused()
    {
        var whole = Tar.File("etc/passwd", new byte[4000]).ToArray();
        await Assert.ThrowsAsync<InvalidDataException>(() => Read(whole[..3000]));
        await Assert.ThrowsAsync<InvalidDataException>(() => Read(Encoding.ASCII.GetBytes(new string('x', 2048))));
        await Assert.ThrowsAsync<InvalidDataException>(() => Read([0x1F, 0x8B, 8, 0, 1, 2, 3]));
        await Assert.ThrowsAsync<NotSupportedException>(() => Read([0x28, 0xB5, 0x2F, 0xFD, 0, 0]));
    }

    [Fact]
    public async Task Both_account_files_are_read_in_one_pass()
    {
        var accounts = await Files([Tar.File("etc/passwd", "a:x:1:2:::\n").File("etc/group", "g:x:3:a\n").ToArray()]).ReadAccountsAsync(CancellationToken.None);

        Assert.Equal((1u, 2u), (accounts.Passwd!.Entries[0].Uid, accounts.Passwd.Entries[0].Gid));
        Assert.Equal("a", accounts.Group!.Entries[0].Members[0]);
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task Reading_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Files([Tar.File("etc/passwd", "a").ToArray()]).ReadAccountsAsync(cancelled.Token));
    }
}
