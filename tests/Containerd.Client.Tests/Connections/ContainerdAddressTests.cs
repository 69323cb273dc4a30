using System.Globalization;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Containerd.Client.Tests.Connections;

public sealed class ContainerdAddressTests
{
    [Theory]
    [InlineData("/run/containerd/containerd.sock", "unix:///run/containerd/containerd.sock")]
    [InlineData("unix:///run/containerd/containerd.sock", "unix:///run/containerd/containerd.sock")]
    [InlineData("UNIX:///Run/a b", "unix:///Run/a b")]
    [InlineData("npipe:////./pipe/containerd-containerd", "npipe:////./pipe/containerd-containerd")]
    [InlineData(@"npipe:\\.\pipe\name", null)]
    [InlineData(@"npipe://\\.\pipe\name", "npipe:////./pipe/name")]
    [InlineData(@"\\.\pipe\name", "npipe:////./pipe/name")]
    [InlineData("//./pipe/name", "npipe:////./pipe/name")]
    [InlineData("tcp://Example.org:2376", "tcp://example.org:2376")]
    [InlineData("tcp://127.0.0.1:1", "tcp://127.0.0.1:1")]
    [InlineData("tcp://[::1]:65535", "tcp://[::1]:65535")]
    [InlineData("tcp://[2001:DB8:0:0::1]:2376", "tcp://[2001:db8::1]:2376")]
    [InlineData("", null)]
    [InlineData("containerd.sock", null)]
    [InlineData("./containerd.sock", null)]
    [InlineData("unix://containerd.sock", null)]
    [InlineData("unix://", null)]
    [InlineData("/run/containerd/", null)]
    [InlineData("/run/\0", null)]
    [InlineData("npipe:////./pipe/", null)]
    [InlineData("npipe:////./pipe/a/b", null)]
    [InlineData("npipe:////server/pipe/name", null)]
    [InlineData("tcp://host", null)]
    [InlineData("tcp://host:", null)]
    [InlineData("tcp://host:0", null)]
    [InlineData("tcp://host:65536", null)]
    [InlineData("tcp://host:+1", null)]
    [InlineData("tcp://host:1/path", null)]
    [InlineData("tcp://user@host:1", null)]
    [InlineData("tcp://::1:1", null)]
    [InlineData("tcp://[host]:1", null)]
    [InlineData("tcp://[127.0.0.1]:1", null)]
    [InlineData("tcp://[fe80::1%eth0]:1", null)]
    [InlineData("tcp://:1", null)]
    [InlineData("http://host:1", null)]
    public void An_address_has_one_canonical_form_or_is_refused(string text, string? canonical)
    {
        Assert.Equal(canonical is not null, ContainerdAddress.TryParse(text, out var address));
        Assert.Equal(canonical, address?.ToString());
        if (canonical is null)
        {
            var refused = Assert.Throws<FormatException>(() => ContainerdAddress.Parse(text));
            Assert.Contains("unix:///path, npipe:////./pipe/name and tcp://host:port", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_socket_path_is_no_longer_than_the_kernel_takes()
    {
        Assert.True(ContainerdAddress.TryParse("/" + new string('a', 106), out _));
        Assert.False(ContainerdAddress.TryParse("/" + new string('a', 107), out _));
        Assert.False(ContainerdAddress.TryParse("/" + new string('é', 60), out _));
    }

    [Fact]
    public void The_default_is_the_platforms()
    {
        Assert.Equal(
            OperatingSystem.IsWindows() ? "npipe:////./pipe/containerd-containerd" : "unix:///run/containerd/containerd.sock",
            ContainerdAddress.Default.ToString());
        Assert.Throws<ArgumentNullException>(() => ContainerdAddress.Parse(null!));
        Assert.False(ContainerdAddress.TryParse(null, out _));
    }

    [Property]
    public bool Any_text_is_refused_or_has_a_canonical_form_that_reads_back(string? text) => ReadsBack(text);

    [Property]
    public Property Text_that_looks_like_an_address_is_refused_or_reads_back() => Prop.ForAll(
        Gen.Elements("unix://", "unix:///", "/", "npipe:////./pipe/", @"\\.\pipe\", "tcp://", "tcp://[", "tcp://h:").ToArbitrary(),
        ArbMap.Default.ArbFor<NonNull<string>>(),
        Gen.Elements("", ":1", "]:1").ToArbitrary(),
        (prefix, middle, suffix) => ReadsBack(prefix + middle.Get + suffix));

    [Property]
    public bool Every_ip_address_and_port_reads_back(IPAddress ip, ushort port)
    {
        ip = new IPAddress(ip.GetAddressBytes());
        var host = ip.ToString().Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : $"{ip}";
        var text = string.Create(CultureInfo.InvariantCulture, $"tcp://{host}:{port}");
        return port == 0
            ? !ContainerdAddress.TryParse(text, out _)
            : ContainerdAddress.TryParse(text, out var address) && address.Port == port && IPAddress.Parse(address.Host).Equals(ip);
    }

    private static bool ReadsBack(string? text) =>
        !ContainerdAddress.TryParse(text, out var address) || ContainerdAddress.Parse(address.ToString()) == address;
}
