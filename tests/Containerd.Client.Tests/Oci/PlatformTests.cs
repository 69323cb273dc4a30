namespace Containerd.Client.Tests.Oci;

public class PlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/amd64/v1", "linux/amd64")]
    [InlineData("linux/amd64/v2", "linux/amd64/v2")]
    [InlineData("x86_64", "linux/amd64")]
    [InlineData("Linux/AARCH64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("armhf", "linux/arm/v7")]
    [InlineData("windows/amd64", "windows/amd64")]
    public void Platforms_are_read_and_normalized(string text, string expected) => Assert.Equal(expected, CtrPlatform.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("linux/")]
    [InlineData("a/b/c/d")]
    [InlineData("linux/amd64\n/")]
    public void What_is_no_platform_is_refused(string text) => Assert.Throws<FormatException>(() => CtrPlatform.Parse(text));

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/386", true)]
    [InlineData("linux/amd64", "linux/amd64/v2", false)]
    [InlineData("linux/amd64/v3", "linux/amd64/v2", true)]
    [InlineData("linux/386", "linux/amd64", false)]
    [InlineData("linux/arm64", "linux/arm/v7", true)]
    [InlineData("linux/arm/v7", "linux/arm/v6", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", false)]
    [InlineData("linux/arm/v7", "linux/arm64", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    [InlineData("linux/riscv64", "linux/riscv64", true)]
    [InlineData("linux/amd64", "unknown/unknown", false)]
    public void A_machine_runs_its_own_and_older_variants(string machine, string image, bool runs) =>
        Assert.Equal(runs, CtrPlatform.Parse(machine).RankOf(CtrPlatform.Parse(image)) is not null);

    [Fact]
    public void The_nearest_platform_is_selected()
    {
        CtrDescriptor[] index = [.. new[] { "linux/386", "linux/arm/v6", "linux/arm/v7", "linux/amd64", "unknown/unknown" }
            .Select(p => new CtrDescriptor { Digest = p, Platform = CtrPlatform.Parse(p) })];

        Assert.Equal("linux/amd64", CtrPlatform.Parse("linux/amd64/v3").Select(index)!.Digest);
        Assert.Equal("linux/arm/v7", CtrPlatform.Parse("linux/arm64").Select(index)!.Digest);
        Assert.Null(CtrPlatform.Parse("linux/s390x").Select(index));
    }

    [Fact]
    public void This_machine_has_a_platform() => Assert.Equal(0, CtrPlatform.Current.RankOf(CtrPlatform.Current));
}
