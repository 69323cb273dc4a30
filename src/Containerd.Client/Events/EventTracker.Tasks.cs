using End = Containerd.Client.RecentEnds.End;
using Key = (string Namespace, string Id);

namespace Containerd.Client;

internal sealed partial class EventTracker
{
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
        TrackedTask? task = _tasks.GetValueOrDefault(key);
        if (task?.Pid == value.Pid || _ends.IsBefore(Ended(key, value.Pid), value.Timestamp))
        {
            return;
        }

        if (task is not null && IsDoubtful(key))
        {
            Forget(key, task, report);
        }
        else if (task is { Exited: true })
        {
            ReportRemoval(key, task, value.Timestamp, report);
        }

        _tasks[key] = new TrackedTask(value.Pid);
        report.Add(value);
    }

    private void ReceiveStart(Key key, CtrTaskStartEvent value, List<CtrEvent> report)
    {
        if (IsOfEnded(key, value.Pid))
        {
            return;
        }

        TrackedTask task = Current(key, value.Pid, value.Timestamp, report) ?? (_tasks[key] = new TrackedTask(value.Pid));
        task.Learn(value.Pid);
        if (!task.Started)
        {
            task.Started = true;
            report.Add(value);
        }
    }

    private void ReceiveExit(Key key, CtrTaskExitEvent value, List<CtrEvent> report)
    {
        // One that comes late may be of the task before one that has no process yet.
        bool ofEarlier = _tasks.GetValueOrDefault(key) is { Pid: <= 0 } && _ends.Contains(Ended(key, value.Pid));
        if (ofEarlier || IsOfEnded(key, value.Pid))
        {
            return;
        }

        bool doubtful = IsDoubtful(key);
        if (Current(key, value.Pid, value.Timestamp, report) is not { } task)
        {
            // Of one that was removed before this came; or, without a pid, of a shim that died before it had a task.
            if (value.Pid > 0 && _ends.Add(Ended(key, value.Pid), value.Timestamp))
            {
                report.Add(value);
            }
        }
        else if (!task.Exited)
        {
            if (doubtful && !task.Started)
            {
                ReportStart(key, task, value.Timestamp, report);
            }

            task.Learn(value.Pid);
            task.End(value.ExitCode, value.ExitedAt);
            report.Add(value with { OutOfMemory = task.OutOfMemory });
        }
    }

    private void ReceiveExecExit(Key key, CtrTaskExitEvent value, List<CtrEvent> report)
    {
        TrackedTask? task = _tasks.GetValueOrDefault(key);
        var end = new End(key.Namespace, key.Id, value.ExecId, value.Pid, Removed: false);
        if (task is not null && !_ends.Contains(end) && EndEarlierExec(key, task, value, value.Pid, report))
        {
            ReportExecStart(key, task, value.ExecId!, value.Pid, value.Timestamp, report);
        }

        bool running = task is not null && task.HasExec(value.ExecId!, value.Pid) && task.Execs.Remove(value.ExecId!);
        if (_ends.Add(end, value.Timestamp) || running)
        {
            report.Add(value with { OutOfMemory = task?.OutOfMemory ?? false });
        }
    }

    private void ReceiveDelete(Key key, CtrTaskDeleteEvent value, List<CtrEvent> report)
    {
        if (_tasks.TryGetValue(key, out TrackedTask? task) && task.Is(value.Pid))
        {
            task.Learn(value.Pid);
            if (!task.Started && !task.Exited && IsDoubtful(key))
            {
                ReportStart(key, task, value.Timestamp, report);
            }

            if (task.Started && !task.Exited)
            {
                ReportExit(key, task, value.ExitCode, value.ExitedAt, value.Timestamp, report);
            }

            Remove(key, task, value.Timestamp, report);
            report.Add(value);
        }
        else if (value.Pid > 0 && _ends.Add(Ended(key, value.Pid) with { Removed = true }, value.Timestamp))
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
                known = !StartExec(key, task, started, report);
                break;
        }

        if (!known)
        {
            report.Add(value);
        }
    }

    /// <summary>Notes that an exec was started; false where that, or its end, is known.</summary>
    private bool StartExec(Key key, TrackedTask task, CtrTaskExecStartedEvent value, List<CtrEvent> report)
    {
        if (_ends.Contains(new End(key.Namespace, key.Id, value.ExecId, value.Pid, Removed: false)) || task.HasExec(value.ExecId!, value.Pid))
        {
            return false;
        }

        EndEarlierExec(key, task, value, value.Pid, report);

        // Of one that comes late nothing is noted: a later one has the id.
        task.Execs.TryAdd(value.ExecId!, value.Pid);
        return true;
    }

    /// <summary>
    /// An exec id that another process had is used again: that one must have ended. An event of before this stream that comes
    /// after the comparison tells nothing of that, as the process that was seen then is the later one.
    /// </summary>
    /// <returns>Whether there was another one, which has ended.</returns>
    private bool EndEarlierExec(Key key, TrackedTask task, CtrTaskEvent value, int pid, List<CtrEvent> report)
    {
        if (!task.Execs.ContainsKey(value.ExecId!) || task.HasExec(value.ExecId!, pid) || (!_comparing && value.Timestamp < _begun))
        {
            return false;
        }

        EndExec(key, task, value.ExecId!, code: null, exitedAt: null, value.Timestamp, report);
        return true;
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
}
