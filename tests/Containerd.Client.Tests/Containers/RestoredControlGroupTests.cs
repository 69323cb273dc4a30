namespace Containerd.Client.Tests.Containers;

/// <summary>A restored container stays under the limits that its control group was under.</summary>
public sealed class RestoredControlGroupTests
{
    [Theory]
    [InlineData("/limited/web", "web", "/limited/web")]
    [InlineData("/limited/web", "other", "/limited/other")]
    [InlineData("/limited/web/", "other", "/limited/other")]
    [InlineData("/limited/group", "web", "/limited/group")]
    [InlineData("/limited/a/web", "other", "/limited/a/other")]
    [InlineData("relative/web", "other", "relative/other")]
    [InlineData("/web", "other", "/other")]
    [InlineData("web", "other", "other")]
    [InlineData("/here/web", "web", "/here/web")]
    [InlineData("/here/web", "other", "/here/other")]
    [InlineData("/elsewhere/web", "web", "/here/web")]
    [InlineData("/elsewhere/web", "other", "/here/other")]
    [InlineData("/elsewhere/limited/web", "other", "/elsewhere/limited/other")]
    [InlineData("", "web", "/here/web")]
    [InlineData("/", "web", "/here/web")]
    [InlineData("user.slice:cri:web", "other", "user.slice:cri:other")]
    public void It_stays_in_its_directory(string path, string id, string expected) =>
        Assert.Equal(expected, ContainerClient.ControlGroupOf(path, id, "web", "here", ["elsewhere", "here"]));

    [Fact]
    public void Without_the_original_id_it_is_another_container() =>
        Assert.Equal("/limited/web", ContainerClient.ControlGroupOf("/limited/group", "web", null, "here", ["here"]));
}
