namespace Containerd.Client.Tests.Events;

public sealed class EventFilterTests
{
    [Fact]
    public void Containers_and_tasks_are_followed_where_they_can_be_reconstructed()
    {
        Assert.True(Filter().Tracks);
        Assert.True(Filter("/tasks/exit").Tracks);
        Assert.True(Filter("tasks").Tracks);
        Assert.True(Filter("/images", "/con*").Tracks);
        Assert.True(Filter("*/exit").Tracks);
        Assert.False(Filter("/images").Tracks);
        Assert.False(new EventFilter(new EventSubscription { Topics = ["/tasks"], Filters = ["event.container_id==a"] }, "ns").Tracks);
    }

    [Fact]
    public void The_daemon_is_asked_for_what_is_wanted_and_for_what_must_be_followed()
    {
        Assert.Equal(
            ["namespace==\"ns\",topic~=\"^/tasks/exit(/.*)?$\"", "namespace==\"ns\",topic~=\"^/(tasks|containers)/\"", "topic~=\"^/m/\""],
            Filter("/tasks/exit").ForDaemon("/m"));
        Assert.Equal(["namespace==\"ns\"", "topic~=\"^/m/\""], Filter().ForDaemon("/m"));
        Assert.Equal(
            ["namespace==\"ns\",topic~=\"^/x\\\\.y.*$\",a", "namespace==\"ns\",topic~=\"^/x\\\\.y.*$\",b", "topic~=\"^/m/\""],
            new EventFilter(new EventSubscription { Topics = ["/x.y*"], Filters = ["a", "b"] }, "ns").ForDaemon("/m"));
        Assert.Equal(
            ["topic~=\"^/\"", "topic~=\"^/m/\""], new EventFilter(new EventSubscription { AllNamespaces = true }, "ns").ForDaemon("/m"));
    }

    [Theory]
    [InlineData("/tasks/exit\n")]
    [InlineData("")]
    [InlineData("/ü")]
    public void A_topic_that_none_can_have_is_refused(string topic) =>
        Assert.Equal("InvalidTopic", Assert.Throws<CtrException>(() => Filter(topic)).ErrorId);

    [FsCheck.Xunit.Property]
    public void Whatever_is_typed_is_refused_or_fits_itself(string text)
    {
        try
        {
            var filter = Filter(text);
            if (!text.AsSpan().ContainsAny("*?/ "))
            {
                Assert.True(filter.Wants("/" + text));
                Assert.True(filter.Wants("/" + text + "/below"));
                Assert.False(filter.Wants("/" + text + "x"));
            }
        }
        catch (CtrException e)
        {
            Assert.Equal("InvalidTopic", e.ErrorId);
        }
    }

    private static EventFilter Filter(params string[] topics) => new(new EventSubscription { Topics = topics }, "ns");
}
