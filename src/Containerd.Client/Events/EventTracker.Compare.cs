using End = Containerd.Client.RecentEnds.End;
using Key = (string Namespace, string Id);

namespace Containerd.Client;

internal sealed partial class EventTracker
{
    /// <summary>
    /// Compares what the daemon has with what was reported, and gives what was missed, for each container in the order in
    /// which it must have been. Of a container of which events have come since, only that its task was started or ended is
    /// taken from the comparison, as the rest may be older than the events. The first time there is nothing to compare with:
    /// it is noted what is there.
    /// </summary>
    /// <param name="observation">What the daemon had when the stream was there already, and of whose past all events have come.</param>
    public IReadOnlyList<CtrEvent> Compare(DaemonObservation observation)
    {
        var missed = new List<CtrEvent>();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        foreach (CtrContainer container in observation.Containers)
        {
            CompareContainer((container.Namespace, container.Id), container, missed);
        }

        foreach (CtrTask task in observation.Tasks.Where(task => task.Status != CtrTaskStatus.Unknown))
        {
            CompareTask((task.Namespace, task.Id), task, now, missed);
        }

        CompareExecs(observation.Execs, now, missed);
        var tasks = observation.Tasks.Select(task => (task.Namespace, task.Id)).ToHashSet();
        foreach ((Key key, TrackedTask task) in _tasks.Where(known => !tasks.Contains(known.Key) && !_touchedTasks.Contains(known.Key)).ToArray())
        {
            Forget(key, task, missed);
        }

        var containers = observation.Containers.Select(container => (container.Namespace, container.Id)).ToHashSet();
        foreach (Key key in _containers.Keys.Where(known => !containers.Contains(known) && !_touchedContainers.Contains(known)).ToArray())
        {
            ForgetContainer(key, now, missed);
        }

        bool first = !_compared;
        (_compared, _comparing) = (true, false);
        _touchedTasks.Clear();
        _touchedContainers.Clear();
        return first ? [] : missed;
    }

    private void CompareContainer(Key key, CtrContainer container, List<CtrEvent> missed)
    {
        if (_touchedContainers.Contains(key))
        {
            return;
        }

        if (_containers.TryGetValue(key, out DateTimeOffset known) && container.CreatedAt > known)
        {
            ForgetContainer(key, container.CreatedAt, missed);
        }

        if (!_containers.ContainsKey(key))
        {
            missed.Add(Missed(
                new CtrContainerCreateEvent { ContainerId = key.Id, Image = container.Image, Runtime = container.Runtime }, "/containers/create", key, container.CreatedAt));
        }
        else if (container.UpdatedAt > known)
        {
            missed.Add(Missed(
                new CtrContainerUpdateEvent { ContainerId = key.Id, Image = container.Image, Labels = container.Labels, SnapshotKey = container.SnapshotKey },
                "/containers/update",
                key,
                container.UpdatedAt));
        }
        else
        {
            return;
        }

        _containers[key] = container.UpdatedAt > container.CreatedAt ? container.UpdatedAt : container.CreatedAt;
    }

    private void CompareTask(Key key, CtrTask observed, DateTimeOffset now, List<CtrEvent> missed)
    {
        bool touched = _touchedTasks.Contains(key);
        bool same = _tasks.TryGetValue(key, out TrackedTask? task) && task.Is(observed.Pid);
        if (!same && (touched || _ends.Contains(Ended(key, observed.Pid))))
        {
            return;
        }

        if (!same && task is not null)
        {
            Forget(key, task, missed);
            task = null;
        }

        if (task is null)
        {
            _tasks[key] = task = new TrackedTask(observed.Pid);
            missed.Add(Missed(new CtrTaskCreateEvent { ContainerId = key.Id, Pid = observed.Pid }, "/tasks/create", key, now));
        }

        task.Learn(observed.Pid);
        if (!task.Started && observed.Status != CtrTaskStatus.Created)
        {
            ReportStart(key, task, now, missed);
        }

        bool paused = observed.Status is CtrTaskStatus.Paused or CtrTaskStatus.Pausing;
        if (!touched && paused != task.Paused && observed.Status != CtrTaskStatus.Stopped)
        {
            task.Paused = paused;
            missed.Add(paused
                ? Missed(new CtrTaskPausedEvent { ContainerId = key.Id }, "/tasks/paused", key, now)
                : Missed(new CtrTaskResumedEvent { ContainerId = key.Id }, "/tasks/resumed", key, now));
        }

        if (!task.Exited && observed.Status == CtrTaskStatus.Stopped)
        {
            ReportExit(key, task, observed.ExitCode, observed.ExitedAt, now, missed);
        }
    }

    private void CompareExecs(IReadOnlyList<CtrProcess> execs, DateTimeOffset now, List<CtrEvent> missed)
    {
        ILookup<Key, CtrProcess> observed = execs.ToLookup(exec => (exec.Namespace, exec.ContainerId));
        foreach ((Key key, TrackedTask task) in _tasks.Where(known => !_touchedTasks.Contains(known.Key)))
        {
            foreach (string execId in task.Execs.Keys.ToArray())
            {
                CompareExec(key, task, execId, observed[key].FirstOrDefault(exec => exec.ExecId == execId), now, missed);
            }
        }
    }

    private void CompareExec(Key key, TrackedTask task, string execId, CtrProcess? observed, DateTimeOffset now, List<CtrEvent> missed)
    {
        // One that was only registered has the id of one that is gone.
        if (observed is null or { Status: CtrTaskStatus.Created })
        {
            EndExec(key, task, execId, code: null, exitedAt: null, now, missed);
            return;
        }

        if (!task.HasExec(execId, observed.Pid))
        {
            EndExec(key, task, execId, code: null, exitedAt: null, now, missed);
            ReportExecStart(key, task, execId, observed.Pid, now, missed);
        }

        if (observed.Status == CtrTaskStatus.Stopped)
        {
            EndExec(key, task, execId, observed.ExitCode, observed.ExitedAt, now, missed);
        }
    }

    /// <summary>
    /// A task is gone, and how it ended can't be known any more. One that was only created was started before: no daemon that is
    /// away removes it, but one that comes back removes what has ended.
    /// </summary>
    private void Forget(Key key, TrackedTask task, List<CtrEvent> missed)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (!task.Started && !task.Exited)
        {
            ReportStart(key, task, now, missed);
        }

        if (!task.Exited)
        {
            ReportExit(key, task, code: null, exitedAt: null, now, missed);
        }

        ReportRemoval(key, task, now, missed);
    }

    private void ForgetContainer(Key key, DateTimeOffset time, List<CtrEvent> missed)
    {
        _containers.Remove(key);
        _ends.Add(ContainerEnd(key), time);
        missed.Add(Missed(new CtrContainerDeleteEvent { ContainerId = key.Id }, "/containers/delete", key, time));
    }

    private void EndExecs(Key key, TrackedTask task, List<CtrEvent> missed)
    {
        foreach (string execId in task.Execs.Keys.ToArray())
        {
            EndExec(key, task, execId, code: null, exitedAt: null, DateTimeOffset.UtcNow, missed);
        }
    }

    private void EndExec(
        Key key, TrackedTask task, string execId, int? code, DateTimeOffset? exitedAt, DateTimeOffset now, List<CtrEvent> missed)
    {
        task.Execs.Remove(execId, out int pid);
        _ends.Add(new End(key.Namespace, key.Id, execId, pid, Removed: false), now);
        var exit = new CtrTaskExitEvent
        {
            ContainerId = key.Id, ExecId = execId, Pid = pid, ExitCode = code, ExitedAt = exitedAt, OutOfMemory = task.OutOfMemory,
        };
        missed.Add(Missed(exit, "/tasks/exit", key, exitedAt ?? now));
    }

    private void ReportExecStart(Key key, TrackedTask task, string execId, int pid, DateTimeOffset time, List<CtrEvent> missed)
    {
        task.Execs[execId] = pid;
        missed.Add(Missed(new CtrTaskExecStartedEvent { ContainerId = key.Id, ExecId = execId, Pid = pid }, "/tasks/exec-started", key, time));
    }

    private void ReportStart(Key key, TrackedTask task, DateTimeOffset time, List<CtrEvent> missed)
    {
        task.Started = true;
        missed.Add(Missed(new CtrTaskStartEvent { ContainerId = key.Id, Pid = task.Pid }, "/tasks/start", key, time));
    }

    private void ReportExit(
        Key key, TrackedTask task, int? code, DateTimeOffset? exitedAt, DateTimeOffset now, List<CtrEvent> missed)
    {
        task.End(code, exitedAt);
        var exit = new CtrTaskExitEvent
        {
            ContainerId = key.Id, Pid = task.Pid, ExitCode = code, ExitedAt = exitedAt, OutOfMemory = task.OutOfMemory,
        };
        missed.Add(Missed(exit, "/tasks/exit", key, exitedAt ?? now));
    }

    private CtrEvent Missed(CtrEvent value, string topic, Key key, DateTimeOffset time) => value with
    {
        Topic = topic, Namespace = key.Namespace, Timestamp = time, IsReconstructed = true, Address = address,
    };
}
