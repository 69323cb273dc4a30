using System.Text;
using Containerd.Client.Oci.Users;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Oci;

public class UserTests
{
    private static readonly AccountFiles Accounts = new(
        PasswdFile.Parse("""
            # comment
            root:x:0:0:root:/root:/bin/sh
            app:x:1000:1001::/home/app:/bin/sh
            2000:x:5:5::/:/bin/sh
            broken:x:many:0::/:/bin/sh
            huge:x:4294967296:0::/:/bin/sh
            short:x:7
            :x:8:8::/:
            """u8),
        GroupFile.Parse("""
            root:x:0:root
            staff:x:50:app, other
            app:x:1001:app
            docker:x:999:app
            99:x:98:
            bad:x:-1:app
            """u8));

    [Theory]
    [InlineData(null, 0, 0, "0")]
    [InlineData("", 0, 0, "0")]
    [InlineData("root", 0, 0, "0")]
    [InlineData("app", 1000, 1001, "1001,50,999")]
    [InlineData("1000", 1000, 1001, "1001,50,999")]
    [InlineData("app:staff", 1000, 50, "50,999")]
    [InlineData("app:7", 1000, 7, "7,50,999")]
    [InlineData("1000:7", 1000, 7, "7,50,999")]
    [InlineData("1234", 1234, 0, "0")]
    [InlineData("1234:docker", 1234, 999, "999")]
    [InlineData("2000", 2000, 0, "0")]
    [InlineData("1000:99", 1000, 99, "99,50,999")]
    [InlineData("2147483647", int.MaxValue, 0, "0")]
    [InlineData("1000:", 1000, 0, "0,50,999")]
    [InlineData(":7", 0, 7, "7")]
    public void Users_are_found_as_containerd_finds_them(string? user, int uid, int gid, string groups)
    {
        var found = UserResolver.Resolve(user, Accounts);

        Assert.Equal(((uint)uid, (uint)gid), (found.Uid, found.Gid));
        Assert.Equal(groups, string.Join(',', found.AdditionalGids));
    }

    [Theory]
    [InlineData("nobody", "'nobody' is not in /etc/passwd")]
    [InlineData("app:wheel", "'wheel' is not in /etc/group")]
    [InlineData("broken", "'broken' is not in /etc/passwd")]
    [InlineData("huge", "'huge' is not in /etc/passwd")]
    [InlineData("short", "'short' is not in /etc/passwd")]
    [InlineData("2147483648", "2147483648 in '2147483648' is too large")]
    [InlineData("4294967296", "too large")]
    [InlineData("99999999999999999999", "too large")]
    [InlineData("0:2147483648", "too large")]
    [InlineData("-1", "'-1' is not in /etc/passwd")]
    [InlineData("a:b:c", "'a:b:c' is not a user")]
    public void Unknown_users_and_large_ids_are_refused_by_name(string user, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => UserResolver.Resolve(user, Accounts)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_files_numbers_work_and_names_do_not()
    {
        Assert.Equal(5u, UserResolver.Resolve("5:6", AccountFiles.None).Uid);
        Assert.Contains("no /etc/passwd", Assert.Throws<FormatException>(() => UserResolver.Resolve("app", AccountFiles.None)).Message, StringComparison.Ordinal);
    }

    [Property]
    public bool Digits_are_never_looked_up_as_a_name(PositiveInt length)
    {
        var digits = new string('9', (length.Get % 30) + 1);
        var accounts = new AccountFiles(PasswdFile.Parse(Encoding.ASCII.GetBytes($"{digits}:x:0:0::/:/bin/sh\n")), null);
        try
        {
            return UserResolver.Resolve(digits, accounts).Uid != 0;
        }
        catch (FormatException)
        {
            return digits.Length >= 10;
        }
    }

    [Property]
    public bool Any_bytes_are_read_as_an_account_file(byte[] bytes) =>
        PasswdFile.Parse(bytes).Entries.All(e => e.Uid <= int.MaxValue) && GroupFile.Parse(bytes).Entries.All(e => e.Gid <= int.MaxValue);
}
