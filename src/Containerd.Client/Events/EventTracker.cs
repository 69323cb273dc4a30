using End = Containerd.Client.RecentEnds.End;
using Key = (string Namespace, string Id);

namespace Containerd.Client;

/// <summary>
/// Follows containers and tasks through their events: leaves out what was reported before, and after a lost stream adds what
/// was missed. What it keeps is bounded by the containers and tasks that the daemon has.
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
                    // The removal of its task is told by the shim, which may be later, or never.
                    _tasks.Remove(key);
                    _ends.Add(Ended(key, task.Pid), value.Timestamp);
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

    private void ReceiveTask(Key key, CtrTaskEvent value, List<CtrEvent> report)
    {
        switch (value)
        {
            case CtrTaskCreateEvent create:
                ReceiveCreate(key, create, report);
                break;
            case CtrTaskStartEvent start:
                ReceiveStart(key, start, report);
                break;
            case CtrTaskExitEvent { ExecId: null } exit:
                ReceiveExit(key, exit, report);
                break;
            case CtrTaskExitEvent exit:
                ReceiveExecExit(key, exit, report);
                break;
            case CtrTaskDeleteEvent { ExecId: null } delete:
                ReceiveDelete(key, delete, report);
                break;
            default:
                ReceiveOther(key, value, report);
                break;
        }
    }

    private void ReceiveCreate(Key key, CtrTaskCreateEvent value, List<CtrEvent> report)
    {
        if (_tasks.TryGetValue(key, out TrackedTask? task))
        {
            if (task.Pid == value.Pid)
            {
                return;
            }

            if (IsDoubtful(key))
            {
                Forget(key, task, report);
            }
            else if (task.Exited)
            {
                // Its removal is told by another shim, and may come later.
                _ends.Add(Ended(key, task.Pid), value.Timestamp);
            }
        }

        if (!_ends.IsBefore(Ended(key, value.Pid), value.Timestamp))
        {
            _tasks[key] = new TrackedTask(value.Pid);
            report.Add(value);
        }
    }

    private void ReceiveStart(Key key, CtrTaskStartEvent value, List<CtrEvent> report)
    {
        if (IsOfEnded(key, value.Pid))
        {
            return;
        }

        TrackedTask task = Current(key, value.Pid, value.Timestamp, report) ?? (_tasks[key] = new TrackedTask(value.Pid));
        if (!task.Started)
        {
            task.Started = true;
            report.Add(value);
        }
    }

    private void ReceiveExit(Key key, CtrTaskExitEvent value, List<CtrEvent> report)
    {
        if (IsOfEnded(key, value.Pid))
        {
            return;
        }

        bool doubtful = IsDoubtful(key);
        if (Current(key, value.Pid, value.Timestamp, report) is not { } task)
        {
            // Of one that was removed before this came.
            _ends.Add(Ended(key, value.Pid), value.Timestamp);
            report.Add(value);
        }
        else if (!task.Exited)
        {
            if (doubtful && !task.Started)
            {
                ReportStart(key, task, value.Timestamp, report);
            }

            task.Exited = true;
            report.Add(value with { OutOfMemory = task.OutOfMemory });
        }
    }

    private void ReceiveExecExit(Key key, CtrTaskExitEvent value, List<CtrEvent> report)
    {
        TrackedTask? task = _tasks.GetValueOrDefault(key);
        bool running = task is not null && task.Execs.Remove(value.ExecId!);
        if (_ends.Add(new End(key.Namespace, key.Id, value.ExecId, value.Pid, Removed: false), value.Timestamp) || running)
        {
            report.Add(value with { OutOfMemory = task?.OutOfMemory ?? false });
        }
    }

    private void ReceiveDelete(Key key, CtrTaskDeleteEvent value, List<CtrEvent> report)
    {
        if (_tasks.TryGetValue(key, out TrackedTask? task) && task.Is(value.Pid))
        {
            if (!task.Started && !task.Exited && IsDoubtful(key))
            {
                ReportStart(key, task, value.Timestamp, report);
            }

            if (task.Started && !task.Exited)
            {
                ReportExit(key, task, value.ExitCode, value.ExitedAt, value.Timestamp, report);
            }

            EndExecs(key, task, report);
            Remove(key, task, value.Timestamp);
            report.Add(value);
        }
        else if (_ends.Add(Ended(key, value.Pid) with { Removed = true }, value.Timestamp))
        {
            report.Add(value);
        }
    }

    private void ReceiveOther(Key key, CtrTaskEvent value, List<CtrEvent> report)
    {
        TrackedTask? task = _tasks.GetValueOrDefault(key);
        if (task is { Started: false } && IsDoubtful(key))
        {
            ReportStart(key, task, value.Timestamp, report);
        }

        bool known = false;
        switch (value)
        {
            case CtrTaskOomEvent when task is not null:
                task.OutOfMemory = true;
                break;
            case CtrTaskPausedEvent when task is not null:
                known = task.Paused;
                task.Paused = true;
                break;
            case CtrTaskResumedEvent when task is not null:
                known = !task.Paused;
                task.Paused = false;
                break;
            case CtrTaskExecStartedEvent started when task is not null:
                known = _ends.Contains(new End(key.Namespace, key.Id, started.ExecId, started.Pid, Removed: false))
                    || !task.Execs.TryAdd(started.ExecId!, started.Pid);
                break;
        }

        if (!known)
        {
            report.Add(value);
        }
    }

    /// <summary>
    /// The task that an event is about; null for one of before. Where events may be missing, one that is not known was
    /// created meanwhile.
    /// </summary>
    private TrackedTask? Current(Key key, int pid, DateTimeOffset time, List<CtrEvent> report)
    {
        TrackedTask? task = _tasks.GetValueOrDefault(key);
        if (task is not null && task.Is(pid))
        {
            return task;
        }

        if (!IsDoubtful(key) || pid <= 0)
        {
            return null;
        }

        if (task is not null)
        {
            Forget(key, task, report);
        }

        _tasks[key] = task = new TrackedTask(pid);
        report.Add(Missed(new CtrTaskCreateEvent { ContainerId = key.Id, Pid = pid }, "/tasks/create", key, time));
        return task;
    }

    /// <summary>Whether events of a container may be missing: the stream is new, and this is its first one.</summary>
    private bool IsDoubtful(Key key) => _compared && _comparing && !_touchedTasks.Contains(key);

    /// <summary>Whether a process is one whose end was reported, and not the current one of the container.</summary>
    private bool IsOfEnded(Key key, int pid) =>
        !(_tasks.TryGetValue(key, out TrackedTask? task) && task.Is(pid)) && _ends.Contains(Ended(key, pid));

    private void Remove(Key key, TrackedTask task, DateTimeOffset time)
    {
        _tasks.Remove(key);
        _ends.Add(Ended(key, task.Pid), time);
        _ends.Add(Ended(key, task.Pid) with { Removed = true }, time);
    }

    private static End Ended(Key key, int pid) => new(key.Namespace, key.Id, null, pid, Removed: false);

    private static End ContainerEnd(Key key) => new(key.Namespace, key.Id, null, 0, Removed: true);
}
