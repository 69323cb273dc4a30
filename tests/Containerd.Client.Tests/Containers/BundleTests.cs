using Containerd.Protocol.Containers;

namespace Containerd.Client.Tests.Containers;

public sealed class BundleTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-bundle-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_label_names_the_directory()
    {
        Assert.Equal("/elsewhere/web", Of("/elsewhere/web"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative/web")]
    public void Without_an_absolute_label_it_is_the_one_that_the_container_would_get(string? label)
    {
        var bundle = Of(label);

        Assert.StartsWith(_root, bundle, StringComparison.Ordinal);
        Assert.EndsWith("/ns/web", bundle, StringComparison.Ordinal);
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

        return Bundle.Of(container, _root, ContainerdAddress.Parse("/run/c.sock"), "ns");
    }
}
