using End = Containerd.Client.RecentEnds.End;
using Key = (string Namespace, string Id);

namespace Containerd.Client;

/// <summary>
/// Follows containers and tasks through their events: leaves out what was reported before, and adds what was missed while the
/// stream was lost, and removals of tasks that no shim told of. What it keeps is bounded by the containers and tasks that the daemon has, and had when the stream was lost.
/// </summary>
/// <remarks>
/// A shim sends create, start and exit in this order, so that an event tells what must have been before it. This is used
/// while a stream is new: from its begin until <see cref="Compare"/>, and for each container until its first event.
/// </remarks>
internal sealed partial class EventTracker(string address)
{
    private readonly Dictionary<Key, TrackedTask> _tasks = [];
    private readonly Dictionary<Key, DateTimeOffset> _containers = [];
    private readonly RecentEnds _ends = new();
    private readonly HashSet<Key> _touchedTasks = [];
    private readonly HashSet<Key> _touchedContainers = [];
    private DateTimeOffset? _begun;
    private bool _compared;
    private bool _comparing = true;

    /// <summary>How many containers and tasks it holds.</summary>
    public int Count => _tasks.Count + _containers.Count;

    /// <summary>The stream was lost: events may be missing until the next <see cref="Compare"/>.</summary>
    public void StreamLost()
    {
        _comparing = true;
        _begun = null;

        // All that is known may be gone when the stream is there again, a task with two ends; its shims may tell of it then.
        _ends.Reserve(_containers.Count + _tasks.Values.Sum(task => 2 + task.Execs.Count));
        _touchedTasks.Clear();
        _touchedContainers.Clear();
    }

    /// <summary>A stream is there again: of what happens from this time on, by the daemon's clock, all events will come.</summary>
    public void StreamBegan(DateTimeOffset time) => _begun = time;

    /// <summary>The execs that run, as far as is known.</summary>
    public IReadOnlyList<(string Namespace, string Id, string ExecId)> LiveExecs() =>
        [.. _tasks.SelectMany(task => task.Value.Execs.Keys.Select(exec => (task.Key.Namespace, task.Key.Id, exec)))];

    /// <summary>What to report for an event that was received, in order: what was missed before it, and itself unless it is known.</summary>
    public IReadOnlyList<CtrEvent> Receive(CtrEvent value)
    {
        Key key = (value.Namespace, value.Id);
        var report = new List<CtrEvent>(1);
        switch (value)
        {
            case CtrTaskEvent task:
                ReceiveTask(key, task, report);
                if (IsOfThisStream(value) && (_tasks.ContainsKey(key) || value is CtrTaskDeleteEvent))
                {
                    _touchedTasks.Add(key);
                }

                break;
            case CtrContainerEvent container:
                ReceiveContainer(key, container, report);
                if (IsOfThisStream(value))
                {
                    _touchedContainers.Add(key);
                }

                break;
            default:
                report.Add(value);
                break;
        }

        return report;
    }

    // A shim repeats what it could not deliver: such an event tells nothing of what came after it.
    private bool IsOfThisStream(CtrEvent value) => _comparing && value.Timestamp >= _begun;

    private void ReceiveContainer(Key key, CtrContainerEvent value, List<CtrEvent> report)
    {
        switch (value)
        {
            case CtrContainerDeleteEvent:
                if (_tasks.TryGetValue(key, out TrackedTask? task) && task.Exited)
                {
                    ReportRemoval(key, task, value.Timestamp, report);
                }

                if (_containers.Remove(key) || _ends.Add(ContainerEnd(key), value.Timestamp))
                {
                    report.Add(value);
                }

                break;
            case CtrContainerCreateEvent when _containers.ContainsKey(key):
                break;
            default:
                _containers[key] = value.Timestamp;
                report.Add(value);
                break;
        }
    }

    /// <summary>
    /// A task that has ended must have been removed, whether its shim tells of that later or never. What it tells then is
    /// left out. The shim of containerd 2 ends as soon as it is told to, often before its last event has gone out.
    /// </summary>
    private void ReportRemoval(Key key, TrackedTask task, DateTimeOffset time, List<CtrEvent> report)
    {
        Remove(key, task, time, report);
        var removal = new CtrTaskDeleteEvent { ContainerId = key.Id, Pid = task.Pid, ExitCode = task.ExitCode, ExitedAt = task.ExitedAt };
        report.Add(Missed(removal, "/tasks/delete", key, time));
    }

    private void Remove(Key key, TrackedTask task, DateTimeOffset time, List<CtrEvent> report)
    {
        EndExecs(key, task, report);
        _tasks.Remove(key);
        _ends.Add(Ended(key, task.Pid), time);
        _ends.Add(Ended(key, task.Pid) with { Removed = true }, time);
    }

    private static End Ended(Key key, int pid) => new(key.Namespace, key.Id, null, pid, Removed: false);

    private static End ContainerEnd(Key key) => new(key.Namespace, key.Id, null, 0, Removed: true);
}
