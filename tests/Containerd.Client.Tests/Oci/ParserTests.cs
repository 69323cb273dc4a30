using System.Globalization;
using System.Text;
using Containerd.Client.Oci;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Oci;

public class ParserTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("67108864", 67108864)]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("64mb", 64L << 20)]
    [InlineData(" 64 m ", 64L << 20)]
    [InlineData("1GB", 1L << 30)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData("10b", 10)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_read(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1x")]
    [InlineData("1 000")]
    [InlineData("1e3")]
    [InlineData("1..5m")]
    [InlineData("9223372036854775808")]
    [InlineData("8192p")]
    [InlineData("99999999999999999999999999999999")]
    public void What_is_no_size_is_refused(string text) => Assert.Throws<FormatException>(() => ByteSize.Parse(text));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(1048575, "1.0 MiB")]
    [InlineData(3L << 29, "1.5 GiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void Sizes_are_written(long bytes, string text)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Assert.Equal(text, ByteSize.Format(bytes));
    }

    [Property]
    public bool A_size_in_any_unit_is_its_number_times_a_power_of_1024(uint number, byte unit)
    {
        string[] units = ["", "k", "m", "g"];
        var index = unit % units.Length;
        return ByteSize.Parse(number.ToString(CultureInfo.InvariantCulture) + units[index] + (index > 0 && unit > 127 ? "iB" : "")) == (long)number << (10 * index);
    }

    [Theory]
    [InlineData("nofile=1024:2048", "RLIMIT_NOFILE", 1024, 2048)]
    [InlineData("RLIMIT_CORE=0", "RLIMIT_CORE", 0, 0)]
    [InlineData("memlock=1:unlimited", "RLIMIT_MEMLOCK", 1, ulong.MaxValue)]
    [InlineData("stack=-1", "RLIMIT_STACK", ulong.MaxValue, ulong.MaxValue)]
    public void Resource_limits_are_read(string text, string type, ulong soft, ulong hard)
    {
        var limit = RlimitParser.Parse(text);
        Assert.Equal((type, soft, hard), (limit.Type, limit.Soft, limit.Hard));
    }

    [Theory]
    [InlineData("nofile")]
    [InlineData("files=1")]
    [InlineData("nofile=2:1")]
    [InlineData("nofile=1:2:3")]
    [InlineData("nofile=")]
    [InlineData("nofile=1k")]
    [InlineData("nofile=18446744073709551616")]
    public void What_is_no_resource_limit_is_refused(string text) => Assert.Throws<FormatException>(() => RlimitParser.Parse(text));

    [Theory]
    [InlineData("/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm")]
    [InlineData("/dev/fuse:r", "/dev/fuse", "/dev/fuse", "r")]
    [InlineData("/dev/sda:/dev/xvda", "/dev/sda", "/dev/xvda", "rwm")]
    [InlineData("/dev/sda:/dev/xvda:rw", "/dev/sda", "/dev/xvda", "rw")]
    public void Devices_are_read(string text, string host, string container, string access) =>
        Assert.Equal(new DeviceMapping(host, container, access), DeviceParser.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("fuse")]
    [InlineData("/dev/fuse:x")]
    [InlineData("/dev/fuse:rr")]
    [InlineData("/dev/fuse:/dev/fuse:")]
    [InlineData("/dev/../etc:/dev/x")]
    [InlineData("/a:/b:r:w")]
    public void What_is_no_device_is_refused(string text) => Assert.Throws<FormatException>(() => DeviceParser.Parse(text));

    [Theory]
    [InlineData("type=bind,src=/a,dst=/b,options=rbind:ro", "bind", "/a", "/b", "rbind,ro")]
    [InlineData("type=bind,source=/a,destination=/b", "bind", "/a", "/b", "rbind")]
    [InlineData("src=/a,target=/b,options=bind:rw", "bind", "/a", "/b", "bind,rw")]
    [InlineData("type=tmpfs,dst=/t,options=size=64m:mode=1777", "tmpfs", null, "/t", "size=64m,mode=1777")]
    [InlineData("type=bind,\"src=/a,b\",dst=/c", "bind", "/a,b", "/c", "rbind")]
    [InlineData("/a:/b", "bind", "/a", "/b", "rbind")]
    [InlineData("/a:/b:ro", "bind", "/a", "/b", "rbind,ro")]
    [InlineData("/a:/b:ro,rslave", "bind", "/a", "/b", "rbind,ro,rslave")]
    [InlineData("/:/host", "bind", "/", "/host", "rbind")]
    public void Mounts_are_read_in_both_forms(string text, string type, string? source, string destination, string options)
    {
        var mount = MountParser.Parse(text);
        Assert.Equal((type, source, destination, options), (mount.Type, mount.Source, mount.Destination, string.Join(',', mount.Options)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a:/b")]
    [InlineData("/a:b")]
    [InlineData("/a:/")]
    [InlineData("/a:/b:maybe")]
    [InlineData("/a:/b:")]
    [InlineData("/a:/b:ro:rw")]
    [InlineData("/a:/b/../../c")]
    [InlineData("type=bind,dst=/b")]
    [InlineData("type=bind,src=a,dst=/b")]
    [InlineData("type=bind,src=/a")]
    [InlineData("type=bind,src=/a,dst=/b,size=1")]
    [InlineData("type=bind,\"src=/a,dst=/b")]
    [InlineData("type=bind,\"src=/a\"x,dst=/b")]
    [InlineData(",")]
    public void What_is_no_mount_is_refused_and_told_how(string text) =>
        Assert.Contains("/", Assert.Throws<FormatException>(() => MountParser.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("SIGTERM", 15)]
    [InlineData("term", 15)]
    [InlineData("9", 9)]
    [InlineData("SIGCLD", 17)]
    [InlineData("RTMIN", 34)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("rtmax-2", 62)]
    [InlineData("64", 64)]
    public void Signals_are_read_by_name_and_number(string text, int number) => Assert.Equal(number, CtrSignal.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("SIG")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-1")]
    [InlineData("SIGSTOPP")]
    [InlineData("RTMIN-1")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMAX+1")]
    [InlineData("RTMIN+")]
    [InlineData("RTMIN+99999999999")]
    public void What_is_no_signal_is_refused(string text) => Assert.Throws<FormatException>(() => CtrSignal.Parse(text));

    [Fact]
    public void Every_signal_is_read_back_from_its_name() =>
        Assert.All(Enumerable.Range(1, 64), n => Assert.Equal(n, CtrSignal.Parse(CtrSignal.NameOf(n))));

    [Theory]
    [InlineData("a", true)]
    [InlineData("A-b_c.d9", true)]
    [InlineData("", false)]
    [InlineData("a\n", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("a--b", false)]
    [InlineData("a/b", false)]
    [InlineData("ä", false)]
    public void Identifiers_are_those_of_containerd(string text, bool valid)
    {
        Assert.Equal(valid, Identifier.IsValid(text));
        if (!valid)
        {
            Assert.Contains("container id", Assert.Throws<CtrException>(() => Identifier.Validate(text, "container id")).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_identifier_has_76_bytes_at_most()
    {
        Identifier.Validate(new string('a', 76), "namespace");
        Assert.Throws<CtrException>(() => Identifier.Validate(new string('a', 77), "namespace"));
    }

    [Property(MaxTest = 500)]
    public bool An_identifier_is_words_between_single_separators(NonNull<string> text)
    {
        // The same rule said another way: split at separators, every part is a word.
        var parts = text.Get.Split('.', '_', '-');
        var expected = text.Get.Length <= 76 && parts.All(p => p.Length > 0 && p.All(char.IsAsciiLetterOrDigit));
        return Identifier.IsValid(text.Get) == expected;
    }

    private const string Hash = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData(Hash, true)]
    [InlineData(Hash + "\n", false)]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", false)]
    [InlineData("sha256:e3b0", false)]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Digests_are_checked(string? text, bool valid) => Assert.Equal(valid, ContentDigest.IsValid(text));

    [Fact]
    public void The_digest_of_nothing_is_the_known_one() => Assert.Equal(Hash, ContentDigest.FromBytes([]));

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36")]
    [InlineData("team/app", "docker.io/team/app:latest")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("index.docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("localhost:5000/a/b:v1", "localhost:5000/a/b:v1")]
    [InlineData("quay.io/a/b__c-d", "quay.io/a/b__c-d:latest")]
    [InlineData("[::1]:5000/a", "[::1]:5000/a:latest")]
    [InlineData("busybox@" + Hash, "docker.io/library/busybox@" + Hash)]
    [InlineData("busybox:1.36@" + Hash, "docker.io/library/busybox@" + Hash)]
    [InlineData("localhost:5000", "docker.io/library/localhost:5000")]
    public void Image_names_are_completed_as_docker_does(string text, string full)
    {
        Assert.Equal(full, ImageReference.Parse(text).ToString());
        Assert.Equal(full, ImageReference.Parse(full).ToString());
        Assert.True(ImageReference.Parse(text).Tag is null == full.Contains('@', StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Busybox")]
    [InlineData("busybox:")]
    [InlineData("busybox:-x")]
    [InlineData("busybox@sha256:12")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData("busybox\n")]
    [InlineData("https://quay.io/a")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void What_is_no_image_name_is_refused(string text) => Assert.Throws<FormatException>(() => ImageReference.Parse(text));

    [Property(MaxTest = 300)]
    public Property Parsers_answer_or_refuse_in_words_whatever_the_text() => Prop.ForAll(Hostile.ToArbitrary(), text =>
    {
        Action[] parsers =
        [
            () => ByteSize.Parse(text), () => RlimitParser.Parse(text), () => DeviceParser.Parse(text), () => MountParser.Parse(text),
            () => CtrSignal.Parse(text), () => ImageReference.Parse(text), () => CtrPlatform.Parse(text),
            () => Identifier.Validate(text, "id"), () => ContentDigest.Validate(text), () => CtrSpec.Parse(text),
        ];
        foreach (var parse in parsers)
        {
            try
            {
                parse();
            }
            catch (Exception e) when (e is FormatException or CtrException)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    });

    /// <summary>Texts near the grammars' edges: their own signs, in disorder.</summary>
    private static readonly Gen<string> Hostile = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string>().Select(s => s ?? ""),
        Gen.Elements("=", ":", ",", "\"", "/", ".", "..", "@", "sha256:", "SIG", "RTMIN+", "nofile=", "type=", "src=/a", "dst=/b", "/dev/", "1", "99999999999999999999", "ü", "\n", "\0", "linux", "v7")
            .ListOf().Select(l => new StringBuilder().AppendJoin("", l).ToString()));
}
