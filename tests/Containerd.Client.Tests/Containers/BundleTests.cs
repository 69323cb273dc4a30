using Containerd.Protocol.Containers;

namespace Containerd.Client.Tests.Containers;

public sealed class BundleTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-bundle-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_label_names_the_directory()
    {
        var ours = Path.Combine(_root, "state", "of-another-address", "web");
        var theirs = Directory.CreateDirectory(Path.Combine(_root, "moby", "web")).FullName;

        Assert.Equal(ours, Of(ours));
        Assert.Equal(theirs, Of(theirs));
        Assert.Equal(theirs, Of(theirs + "/"));
    }

    // Anybody may set it, and what is written there is written with the rights of whoever runs this.
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative/web")]
    [InlineData("{0}/not-there/web")]
    [InlineData("{0}/state/../not-there/web")]
    [InlineData("{0}/others/etc")]
    [InlineData("{0}/others/etc/web/..")]
    [InlineData("{0}/others/file/web")]
    [InlineData("{0}/others/link/web")]
    [InlineData("{0}/state/another")]
    public void A_label_that_is_not_to_be_trusted_is_passed_over(string? label)
    {
        Directory.CreateDirectory(Path.Combine(_root, "others", "etc", "web"));
        Directory.CreateDirectory(Path.Combine(_root, "others", "file"));
        Directory.CreateDirectory(Path.Combine(_root, "others", "link"));
        File.WriteAllText(Path.Combine(_root, "others", "file", "web"), "");
        Directory.CreateSymbolicLink(Path.Combine(_root, "others", "link", "web"), Path.Combine(_root, "others", "etc"));

        var bundle = Of(label?.Replace("{0}", _root, StringComparison.Ordinal));

        Assert.Equal(Bundle.PathFor(Path.Combine(_root, "state"), ContainerdAddress.Parse("/run/c.sock"), "ns", "web"), bundle);
    }

    [Fact]
    public void Daemons_and_namespaces_are_apart()
    {
        var one = Bundle.PathFor(_root, ContainerdAddress.Parse("/run/1.sock"), "ns", "web");

        Assert.NotEqual(one, Bundle.PathFor(_root, ContainerdAddress.Parse("/run/2.sock"), "ns", "web"));
        Assert.NotEqual(one, Bundle.PathFor(_root, ContainerdAddress.Parse("/run/1.sock"), "other", "web"));
    }

    [Fact]
    public void It_is_made_for_its_owner_alone_and_removed_with_what_is_in_it()
    {
        var bundle = Path.Combine(_root, "a", "web");

        Bundle.Create(bundle);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(bundle));
        }

        File.WriteAllText(Bundle.LogOf(bundle), "log");
        Bundle.Remove(bundle, "web", _root);
        Assert.False(Directory.Exists(bundle));
        Bundle.Remove(bundle, "web", _root);
    }

    [Fact]
    public void A_directory_that_is_not_the_containers_own_is_left_alone()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(_root, "etc")).FullName;

        Bundle.Remove(elsewhere, "web", _root);

        Assert.True(Directory.Exists(elsewhere));
    }

    [Theory]
    [InlineData("srv/web", false)]
    [InlineData("srv/web", true)]
    [InlineData("state/../srv/web", false)]
    [InlineData("state-of-others/web", false)]
    public void A_directory_outside_the_state_directory_goes_only_when_it_is_empty(string label, bool empty)
    {
        var outside = Directory.CreateDirectory(Path.Combine(_root, label)).FullName;
        if (!empty)
        {
            File.WriteAllText(Path.Combine(outside, "database"), "all there is");
        }

        Bundle.Remove(Path.Combine(_root, label), "web", Path.Combine(_root, "state"));

        Assert.Equal(!empty, Directory.Exists(outside));
    }

    [Fact]
    public void It_stays_where_the_environment_says_so()
    {
        var bundle = Path.Combine(_root, "web");
        Bundle.Create(bundle);
        Environment.SetEnvironmentVariable("LIBCONTAINERD_NOCLEAN", "1");
        try
        {
            Bundle.Remove(bundle, "web", _root);
        }
        finally
        {
            Environment.SetEnvironmentVariable("LIBCONTAINERD_NOCLEAN", null);
        }

        Assert.True(Directory.Exists(bundle));
    }

    private string Of(string? label)
    {
        var container = new Container { Id = "web" };
        if (label is not null)
        {
            container.Labels.Add(Bundle.Label, label);
        }

        return Bundle.Of(container, Path.Combine(_root, "state"), ContainerdAddress.Parse("/run/c.sock"), "ns");
    }
}
