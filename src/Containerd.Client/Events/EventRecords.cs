using Containerd.Protocol.Events;
using Containerd.Protocol.EventTypes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Turns envelopes into records, by the type that is in them.</summary>
internal static class EventRecords
{
    // As far as DateTimeOffset reaches.
    private const long FirstSecond = -62135596800;
    private const long LastSecond = 253402300799;

    private static readonly Dictionary<string, Func<ByteString, CtrEvent>> s_readers = new();

    static EventRecords()
    {
        Add<ContainerCreate>(m => new CtrContainerCreateEvent { ContainerId = m.Id, Image = m.Image, Runtime = m.Runtime?.Name ?? "" });
        Add<ContainerUpdate>(m => new CtrContainerUpdateEvent
        {
            ContainerId = m.Id, Image = m.Image, Labels = new Dictionary<string, string>(m.Labels), SnapshotKey = m.SnapshotKey,
        });
        Add<ContainerDelete>(m => new CtrContainerDeleteEvent { ContainerId = m.Id });
        Add<ContentCreate>(m => new CtrContentCreateEvent { Digest = m.Digest, Size = m.Size });
        Add<ContentDelete>(m => new CtrContentDeleteEvent { Digest = m.Digest });
        Add<ImageCreate>(m => new CtrImageCreateEvent { Name = m.Name, Labels = new Dictionary<string, string>(m.Labels) });
        Add<ImageUpdate>(m => new CtrImageUpdateEvent { Name = m.Name, Labels = new Dictionary<string, string>(m.Labels) });
        Add<ImageDelete>(m => new CtrImageDeleteEvent { Name = m.Name });
        Add<NamespaceCreate>(m => new CtrNamespaceCreateEvent { Name = m.Name, Labels = new Dictionary<string, string>(m.Labels) });
        Add<NamespaceUpdate>(m => new CtrNamespaceUpdateEvent { Name = m.Name, Labels = new Dictionary<string, string>(m.Labels) });
        Add<NamespaceDelete>(m => new CtrNamespaceDeleteEvent { Name = m.Name });
        Add<SnapshotPrepare>(m => new CtrSnapshotPrepareEvent { Key = m.Key, Parent = m.Parent, Snapshotter = m.Snapshotter });
        Add<SnapshotCommit>(m => new CtrSnapshotCommitEvent { Key = m.Key, Name = m.Name, Snapshotter = m.Snapshotter });
        Add<SnapshotRemove>(m => new CtrSnapshotRemoveEvent { Key = m.Key, Snapshotter = m.Snapshotter });
        Add<SandboxCreate>(m => new CtrSandboxCreateEvent { SandboxId = m.SandboxId });
        Add<SandboxStart>(m => new CtrSandboxStartEvent { SandboxId = m.SandboxId });
        Add<SandboxExit>(m => new CtrSandboxExitEvent { SandboxId = m.SandboxId, ExitCode = (int)m.ExitStatus, ExitedAt = TimeOf(m.ExitedAt) });
        AddTasks();
        Types = [.. s_readers.Keys.Select(name => name[(name.LastIndexOf('.') + 1)..]).Append("Data").Order(StringComparer.Ordinal)];
        Add<Struct>(m => new CtrDataEvent { Data = EventData.Read(m) });
    }

    /// <summary>The kinds of events that have records of their own.</summary>
    public static IReadOnlyList<string> Types { get; }

    /// <summary>The record of an envelope. One whose content cannot be read stays raw.</summary>
    public static CtrEvent Read(Envelope envelope, string address)
    {
        CtrEvent body = ReadBody(envelope.Event ?? new Any());
        return body with
        {
            Topic = envelope.Topic,
            Namespace = envelope.Namespace,
            Timestamp = TimeOf(envelope.Timestamp) ?? DateTimeOffset.UnixEpoch,
            Address = address,
        };
    }

    private static CtrEvent ReadBody(Any any)
    {
        try
        {
            // containerd's own URLs are bare names, those of others may have a host before them.
            string name = any.TypeUrl[(any.TypeUrl.LastIndexOf('/') + 1)..];
            if (s_readers.TryGetValue(name, out Func<ByteString, CtrEvent>? read))
            {
                return read(any.Value);
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // It says to be of a type that it is not of.
        }

        return new CtrUnknownEvent { TypeUrl = any.TypeUrl, Value = any.Value.ToByteArray() };
    }

    private static void AddTasks()
    {
        Add<TaskCreate>(m => new CtrTaskCreateEvent
        {
            ContainerId = m.ContainerId,
            Pid = PidOf(m.Pid),
            Bundle = m.Bundle,
            RootFs = m.Rootfs.Select(mount => new CtrEventMount(mount.Type, mount.Source, mount.Target, mount.Options.ToArray())).ToArray(),
            StandardInput = m.Io?.Stdin ?? "",
            StandardOutput = m.Io?.Stdout ?? "",
            StandardError = m.Io?.Stderr ?? "",
            Terminal = m.Io?.Terminal ?? false,
            Checkpoint = m.Checkpoint,
        });
        Add<TaskStart>(m => new CtrTaskStartEvent { ContainerId = m.ContainerId, Pid = PidOf(m.Pid) });
        Add<TaskExit>(m => new CtrTaskExitEvent
        {
            ContainerId = m.ContainerId,
            ExecId = ExecOf(m.ContainerId, m.Id),
            Pid = PidOf(m.Pid),
            ExitCode = (int)m.ExitStatus,
            ExitedAt = TimeOf(m.ExitedAt),
        });
        Add<TaskDelete>(m => new CtrTaskDeleteEvent
        {
            ContainerId = m.ContainerId,
            ExecId = ExecOf(m.ContainerId, m.Id),
            Pid = PidOf(m.Pid),
            ExitCode = (int)m.ExitStatus,
            ExitedAt = TimeOf(m.ExitedAt),
        });
        Add<TaskOOM>(m => new CtrTaskOomEvent { ContainerId = m.ContainerId });
        Add<TaskExecAdded>(m => new CtrTaskExecAddedEvent { ContainerId = m.ContainerId, ExecId = m.ExecId });
        Add<TaskExecStarted>(m => new CtrTaskExecStartedEvent { ContainerId = m.ContainerId, ExecId = m.ExecId, Pid = PidOf(m.Pid) });
        Add<TaskPaused>(m => new CtrTaskPausedEvent { ContainerId = m.ContainerId });
        Add<TaskResumed>(m => new CtrTaskResumedEvent { ContainerId = m.ContainerId });
        Add<TaskCheckpointed>(m => new CtrTaskCheckpointedEvent { ContainerId = m.ContainerId, Checkpoint = m.Checkpoint });
    }

    private static void Add<T>(Func<T, CtrEvent> convert)
        where T : IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        s_readers.Add(new T().Descriptor.FullName, bytes => convert(parser.ParseFrom(bytes)));
    }

    // That of a shim that died before its task had one is -1.
    private static int PidOf(uint pid) => pid > int.MaxValue ? 0 : (int)pid;

    private static string? ExecOf(string containerId, string id) => id.Length == 0 || id == containerId ? null : id;

    private static DateTimeOffset? TimeOf(Timestamp? time) =>
        time is not { Seconds: > FirstSecond and <= LastSecond, Nanos: >= 0 and < 1_000_000_000 } ? null : time.ToDateTimeOffset();
}
