namespace Containerd.Client.Tests.Tasks;

public sealed class DetachedOutputTests
{
    [Theory]
    [InlineData("/var/log/web.log", "file:///var/log/web.log")]
    [InlineData("/a b/ü#?.log", "file:///a%20b/%C3%BC%23%3F.log")]
    public void A_file_becomes_a_uri_that_gives_its_path_back(string path, string uri)
    {
        var output = DetachedOutput.ToFile(path);

        Assert.Equal(uri, output.Uri);
        Assert.Equal(path, new Uri(output.Uri!).LocalPath);
    }

    [Theory]
    [InlineData("web.log")]
    [InlineData("./web.log")]
    [InlineData("")]
    public void A_file_that_is_not_absolute_is_refused(string path)
    {
        var error = Assert.Throws<CtrException>(() => DetachedOutput.ToFile(path));

        Assert.Equal(("InvalidLogPath", CtrErrorKind.InvalidArgument), (error.ErrorId, error.Kind));
    }

    [Theory]
    [InlineData("file:///var/log/web.log")]
    [InlineData("binary:///usr/bin/logger?tag=web")]
    public void A_logging_uri_is_kept_as_it_is(string uri) => Assert.Equal(uri, DetachedOutput.ToUri(uri).Uri);

    [Theory]
    [InlineData("/var/log/web.log")]
    [InlineData("http://host/log")]
    [InlineData("fifo:///run/x")]
    [InlineData("file://")]
    [InlineData("binary:///")]
    [InlineData("web.log")]
    [InlineData("")]
    public void Another_uri_is_refused(string uri)
    {
        var error = Assert.Throws<CtrException>(() => DetachedOutput.ToUri(uri));

        Assert.Equal(("InvalidLogUri", CtrErrorKind.InvalidArgument), (error.ErrorId, error.Kind));
        Assert.Contains("binary:///path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nowhere_is_told_from_the_default_log()
    {
        Assert.Null(DetachedOutput.DefaultLog.Uri);
        Assert.Equal("", DetachedOutput.None.Uri);
    }
}
