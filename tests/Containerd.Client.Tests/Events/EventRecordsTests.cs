using System.Reflection;
using Containerd.Protocol.Events;
using Containerd.Protocol.EventTypes;
using Containerd.Protocol.Types;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Events;

/// <summary>Each message of containerd's api/events, with all its fields, becomes the record of its own.</summary>
public sealed class EventRecordsTests
{
    // In containerd's api/events the messages of images alone are of another package.
    private const string Package = "containerd.events.";
    private const string ImagePackage = "containerd.services.images.v1.";

    private static readonly DateTimeOffset s_sent = DateTimeOffset.UnixEpoch.AddSeconds(1000);
    private static readonly DateTimeOffset s_exited = DateTimeOffset.UnixEpoch.AddSeconds(900).AddTicks(5);
    private static readonly Dictionary<string, string> s_labels = new() { ["a"] = "1", ["b"] = "2" };

    private static readonly Dictionary<string, (IMessage Message, CtrEvent Record, string Id)> s_events = new()
    {
        ["ContainerCreate"] = (
            new ContainerCreate { Id = "c", Image = "i", Runtime = new() { Name = "r" } },
            new CtrContainerCreateEvent { ContainerId = "c", Image = "i", Runtime = "r" },
            "c"),
        ["ContainerUpdate"] = (
            new ContainerUpdate { Id = "c", Image = "i", Labels = { s_labels }, SnapshotKey = "s" },
            new CtrContainerUpdateEvent { ContainerId = "c", Image = "i", Labels = s_labels, SnapshotKey = "s" },
            "c"),
        ["ContainerDelete"] = (new ContainerDelete { Id = "c" }, new CtrContainerDeleteEvent { ContainerId = "c" }, "c"),
        ["ContentCreate"] = (new ContentCreate { Digest = "sha256:1", Size = 1L << 40 }, new CtrContentCreateEvent { Digest = "sha256:1", Size = 1L << 40 }, "sha256:1"),
        ["ContentDelete"] = (new ContentDelete { Digest = "sha256:1" }, new CtrContentDeleteEvent { Digest = "sha256:1" }, "sha256:1"),
        ["ImageCreate"] = (new ImageCreate { Name = "i", Labels = { s_labels } }, new CtrImageCreateEvent { Name = "i", Labels = s_labels }, "i"),
        ["ImageUpdate"] = (new ImageUpdate { Name = "i", Labels = { s_labels } }, new CtrImageUpdateEvent { Name = "i", Labels = s_labels }, "i"),
        ["ImageDelete"] = (new ImageDelete { Name = "i" }, new CtrImageDeleteEvent { Name = "i" }, "i"),
        ["NamespaceCreate"] = (new NamespaceCreate { Name = "n", Labels = { s_labels } }, new CtrNamespaceCreateEvent { Name = "n", Labels = s_labels }, "n"),
        ["NamespaceUpdate"] = (new NamespaceUpdate { Name = "n", Labels = { s_labels } }, new CtrNamespaceUpdateEvent { Name = "n", Labels = s_labels }, "n"),
        ["NamespaceDelete"] = (new NamespaceDelete { Name = "n" }, new CtrNamespaceDeleteEvent { Name = "n" }, "n"),
        ["SnapshotPrepare"] = (
            new SnapshotPrepare { Key = "k", Parent = "p", Snapshotter = "overlayfs" }, new CtrSnapshotPrepareEvent { Key = "k", Parent = "p", Snapshotter = "overlayfs" }, "k"),
        ["SnapshotCommit"] = (
            new SnapshotCommit { Key = "k", Name = "n", Snapshotter = "overlayfs" }, new CtrSnapshotCommitEvent { Key = "k", Name = "n", Snapshotter = "overlayfs" }, "k"),
        ["SnapshotRemove"] = (new SnapshotRemove { Key = "k", Snapshotter = "overlayfs" }, new CtrSnapshotRemoveEvent { Key = "k", Snapshotter = "overlayfs" }, "k"),
        ["SandboxCreate"] = (new SandboxCreate { SandboxId = "s" }, new CtrSandboxCreateEvent { SandboxId = "s" }, "s"),
        ["SandboxStart"] = (new SandboxStart { SandboxId = "s" }, new CtrSandboxStartEvent { SandboxId = "s" }, "s"),
        ["SandboxExit"] = (
            new SandboxExit { SandboxId = "s", ExitStatus = 7, ExitedAt = s_exited.ToTimestamp() }, new CtrSandboxExitEvent { SandboxId = "s", ExitCode = 7, ExitedAt = s_exited }, "s"),
        ["TaskCreate"] = (
            new TaskCreate
            {
                ContainerId = "c",
                Pid = 5,
                Bundle = "/b",
                Rootfs = { new Mount { Type = "overlay", Source = "src", Target = "dst", Options = { "ro", "x=y" } } },
                Io = new() { Stdin = "in", Stdout = "out", Stderr = "err", Terminal = true },
                Checkpoint = "sha256:2",
            },
            new CtrTaskCreateEvent
            {
                ContainerId = "c",
                Pid = 5,
                Bundle = "/b",
                RootFs = [new CtrEventMount("overlay", "src", "dst", ["ro", "x=y"])],
                StandardInput = "in",
                StandardOutput = "out",
                StandardError = "err",
                Terminal = true,
                Checkpoint = "sha256:2",
            },
            "c"),
        ["TaskStart"] = (new TaskStart { ContainerId = "c", Pid = 5 }, new CtrTaskStartEvent { ContainerId = "c", Pid = 5 }, "c"),
        ["TaskExit"] = (
            new TaskExit { ContainerId = "c", Id = "e", Pid = 5, ExitStatus = 137, ExitedAt = s_exited.ToTimestamp() },
            new CtrTaskExitEvent { ContainerId = "c", ExecId = "e", Pid = 5, ExitCode = 137, ExitedAt = s_exited },
            "c"),
        ["TaskDelete"] = (
            new TaskDelete { ContainerId = "c", Id = "e", Pid = 5, ExitStatus = 137, ExitedAt = s_exited.ToTimestamp() },
            new CtrTaskDeleteEvent { ContainerId = "c", ExecId = "e", Pid = 5, ExitCode = 137, ExitedAt = s_exited },
            "c"),
        ["TaskOOM"] = (new TaskOOM { ContainerId = "c" }, new CtrTaskOomEvent { ContainerId = "c" }, "c"),
        ["TaskExecAdded"] = (new TaskExecAdded { ContainerId = "c", ExecId = "e" }, new CtrTaskExecAddedEvent { ContainerId = "c", ExecId = "e" }, "c"),
        ["TaskExecStarted"] = (
            new TaskExecStarted { ContainerId = "c", ExecId = "e", Pid = 5 }, new CtrTaskExecStartedEvent { ContainerId = "c", ExecId = "e", Pid = 5 }, "c"),
        ["TaskPaused"] = (new TaskPaused { ContainerId = "c" }, new CtrTaskPausedEvent { ContainerId = "c" }, "c"),
        ["TaskResumed"] = (new TaskResumed { ContainerId = "c" }, new CtrTaskResumedEvent { ContainerId = "c" }, "c"),
        ["TaskCheckpointed"] = (
            new TaskCheckpointed { ContainerId = "c", Checkpoint = "sha256:2" }, new CtrTaskCheckpointedEvent { ContainerId = "c", Checkpoint = "sha256:2" }, "c"),
    };

    public static TheoryData<string> Types => [.. s_events.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public void An_event_of_that_type_becomes_its_record_with_all_fields(string type)
    {
        var (message, expected, id) = s_events[type];

        var read = EventRecords.Read(Envelope((expected is CtrImageEvent ? ImagePackage : Package) + type, message), "unix:///x");

        Assert.Equivalent(
            expected with { Topic = "/topic", Namespace = "ns", Timestamp = s_sent, Address = "unix:///x" }, read, strict: true);
        Assert.Equal((expected.GetType(), type, id), (read.GetType(), read.Type, read.Id));
    }

    [Fact]
    public void Every_type_that_containerd_tells_of_is_tested_and_offered()
    {
        var messages = EventFiles().SelectMany(file => file.MessageTypes)
            .Select(message => message.Name).Where(name => name != "TaskIO").Order(StringComparer.Ordinal).ToArray();

        Assert.Equal(messages, s_events.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(messages.Append("Data").Order(StringComparer.Ordinal), EventRecords.Types);
    }

    [Fact]
    public void Every_field_of_a_message_is_set_in_these_tests()
    {
        foreach (var (message, _, _) in s_events.Values)
        {
            Assert.All(message.Descriptor.Fields.InDeclarationOrder(), field => Assert.NotEqual(
                field.Accessor.GetValue((IMessage)System.Activator.CreateInstance(message.GetType())!), field.Accessor.GetValue(message)));
        }
    }

    [Fact]
    public void The_exit_of_a_task_itself_has_no_exec()
    {
        var exit = new TaskExit { ContainerId = "c", Id = "c", Pid = uint.MaxValue, ExitStatus = 1 };

        var read = Assert.IsType<CtrTaskExitEvent>(EventRecords.Read(Envelope(Package + "TaskExit", exit), ""));

        Assert.Equal((null, 0, 1, null), (read.ExecId, read.Pid, read.ExitCode, read.ExitedAt));
    }

    private static Envelope Envelope(string type, IMessage message) => new()
    {
        Topic = "/topic", Namespace = "ns", Timestamp = s_sent.ToTimestamp(), Event = new Any { TypeUrl = type, Value = message.ToByteString() },
    };

    private static Google.Protobuf.Reflection.FileDescriptor[] EventFiles() =>
        [.. typeof(TaskExit).Assembly.GetTypes().Where(type => type.Namespace == typeof(TaskExit).Namespace)
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<Google.Protobuf.Reflection.FileDescriptor>()];
}
