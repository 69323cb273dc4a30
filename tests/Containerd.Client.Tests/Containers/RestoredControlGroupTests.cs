namespace Containerd.Client.Tests.Containers;

/// <summary>A restored container stays under the limits that its control group was under.</summary>
public sealed class RestoredControlGroupTests
{
    [Theory]
    [InlineData("/limited/web", "web", "/limited/web")]
    [InlineData("/limited/web", "other", "/limited/here/other")]
    [InlineData("/limited/web/", "other", "/limited/here/other")]
    [InlineData("/limited/group", "web", "/limited/group")]
    [InlineData("/limited/a/web", "other", "/limited/a/here/other")]
    [InlineData("relative/web", "other", "relative/here/other")]
    [InlineData("/web", "other", "/here/other")]
    [InlineData("web", "other", "here/other")]
    [InlineData("/here/web", "web", "/here/web")]
    [InlineData("/here/web", "other", "/here/other")]
    [InlineData("/elsewhere/web", "web", "/here/web")]
    [InlineData("/elsewhere/web", "other", "/here/other")]
    [InlineData("/elsewhere/limited/web", "other", "/elsewhere/limited/here/other")]
    [InlineData("", "web", "/here/web")]
    [InlineData("/", "web", "/here/web")]
    [InlineData("user.slice:cri:web", "other", "user.slice:cri:here-other")]
    [InlineData("user.slice:cri:group", "web", "user.slice:cri:group")]
    public void It_stays_in_its_directory(string path, string id, string expected) =>
        Assert.Equal(expected, ContainerClient.ControlGroupOf(path, id, replaces: id == "web", "here", ["elsewhere"]));

    [Fact]
    public void Beside_the_original_it_has_one_of_its_own() =>
        Assert.Equal("/limited/here/web", ContainerClient.ControlGroupOf("/limited/web", "web", replaces: false, "here", ["elsewhere"]));
}
