using Containerd.Client;
using Containerd.Client.Oci;
using Containerd.IntegrationTests.Containers;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>A task is frozen, limited anew, measured, and told its terminal's size.</summary>
public sealed class ControlTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableFact]
    public async Task A_task_is_frozen_and_goes_on()
    {
        var id = await RunningAsync();

        await Tasks.PauseAsync(id).WaitAsync(Hang);
        Assert.Equal(CtrTaskStatus.Paused, (await Tasks.GetAsync(id)).Status);
        Assert.All(await Tasks.ListProcessesAsync(id), process => Assert.Equal(CtrTaskStatus.Paused, process.Status));
        await AssertErrorAsync("TaskStateInvalid", CtrErrorKind.FailedPrecondition, () => Tasks.PauseAsync(id));
        await Tasks.ResumeAsync(id).WaitAsync(Hang);

        Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
        await AssertErrorAsync("TaskStateInvalid", CtrErrorKind.FailedPrecondition, () => Tasks.ResumeAsync(id));
        Assert.Equal("on\n", (await ExecAsync(id, "echo", "on")).StandardOutput);
    }

    [SkippableFact]
    public async Task Limits_are_changed_while_the_task_runs()
    {
        var id = await RunningAsync(options => options with { Memory = 64 << 20, PidsLimit = 50 });
        var group = new ControlGroup((await ExecAsync(id, "cat", "/proc/self/cgroup")).StandardOutput);
        var resources = new CtrSpecResources();
        ResourceLimits.Set(resources, memory: 96 << 20, cpus: 0.5, cpuShares: 512, pidsLimit: 70);

        await Tasks.UpdateAsync(id, resources).WaitAsync(Hang);

        Assert.Equal($"{96 << 20}", group.Read("memory", "memory.limit_in_bytes", "memory.max"));
        Assert.Equal("70", group.Read("pids", "pids.max", "pids.max"));
        Assert.StartsWith("50000", group.Read("cpu", "cpu.cfs_quota_us", "cpu.max"), StringComparison.Ordinal);
        if (group.IsLegacy("cpu"))
        {
            Assert.Equal("512", group.Read("cpu", "cpu.shares", ""));
        }

        var metric = await Tasks.MeasureAsync(id).WaitAsync(Hang);
        Assert.Equal((96L << 20, 70L), (metric.MemoryLimit, metric.PidsLimit));
    }

    [SkippableFact]
    public async Task A_task_is_measured_as_it_is()
    {
        var id = await RunningAsync(options => options with { Memory = 64 << 20, PidsLimit = 50 });
        var other = await RunningAsync();
        await UntilAsync(async () => (await Tasks.ListProcessesAsync(id)).Count == 2);

        var first = await Tasks.MeasureAsync(id).WaitAsync(Hang);
        await ExecAsync(id, "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
        var next = await Tasks.MeasureAsync(id).WaitAsync(Hang);

        Assert.Equal((id, 64L << 20, 50L), (first.ContainerId, first.MemoryLimit, first.PidsLimit));
        Assert.Equal(2, first.Pids);
        Assert.InRange(first.MemoryWorkingSet, 1, 64 << 20);
        Assert.InRange(first.CgroupVersion, 1, 2);
        Assert.InRange(first.Timestamp, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        Assert.NotEmpty(first.Raw);
        Assert.True(next.CpuUsage > first.CpuUsage);
        Assert.True(next.Since(first).CpuPercent > 0);
        Assert.Equal(
            ((string[])[id, other]).Order(), (await Tasks.MeasureAsync([id, other]).WaitAsync(Hang)).Select(metric => metric.ContainerId).Order());
        Assert.Superset(new HashSet<string> { id, other }, (await Tasks.MeasureAsync().WaitAsync(Hang)).Select(metric => metric.ContainerId).ToHashSet());
        Assert.Empty(await Tasks.MeasureAsync([]));
    }

    [SkippableFact]
    public async Task Measurements_follow_each_other_until_the_task_ends()
    {
        var id = await RunningAsync();
        var metrics = new List<CtrTaskMetric>();

        await foreach (var metric in Tasks.FollowMetricsAsync([id], TimeSpan.FromMilliseconds(100), new CancellationTokenSource(Hang).Token))
        {
            metrics.Add(metric);
            if (metrics.Count == 3)
            {
                await Tasks.StopAsync(id, null, TimeSpan.Zero).WaitAsync(Hang);
            }
        }

        Assert.True(metrics.Count >= 3);
        Assert.Null(metrics[0].CpuPercent);
        Assert.NotNull(metrics[1].CpuPercent);
        Assert.NotNull(metrics[2].WrittenBytesPerSecond);
    }

    [SkippableFact]
    public async Task The_processes_are_told_apart()
    {
        var id = await RunningAsync();
        await using var exec = await Tasks.StartExecAsync(
            id, new ExecOptions { ExecId = "e1", Command = ["sh", "-c", "sleep 3600 & echo up; wait"] }).WaitAsync(Hang);
        await using var lines = exec.ReadLinesAsync().GetAsyncEnumerator();
        Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(Hang));
        await UntilAsync(async () => (await Tasks.ListProcessesAsync(id)).Count == 4);

        var processes = await Tasks.ListProcessesAsync(id).WaitAsync(Hang);

        Assert.Equal((await Tasks.GetAsync(id)).Pid, processes.Single(process => process.Kind == CtrProcessKind.Init).Pid);
        var found = processes.Single(process => process.Kind == CtrProcessKind.Exec);
        Assert.Equal(("e1", exec.Pid), (found.ExecId, found.Pid));
        Assert.Equal(("containerd.runc.v1.ProcessDetails", "e1"), (found.Details!.Type, found.Details.ExecId));
        Assert.All(processes.Where(process => process.Kind != CtrProcessKind.Exec), process => Assert.Null(process.Details));
        Assert.Equal(2, processes.Count(process => process.Kind == CtrProcessKind.Child));
    }

    [SkippableFact]
    public async Task Terminals_are_told_their_size()
    {
        const string Watch = "trap 'stty size' WINCH; echo up; while :; do sleep 0.1; done";
        var id = await ContainerAsync(options => options with { Terminal = true }, ["sh", "-c", Watch]);
        await using var task = await Tasks.StartAttachedAsync(id, standardInput: true).WaitAsync(Hang);
        await using var exec = await Tasks.StartExecAsync(
            id, new ExecOptions { Command = ["sh", "-c", Watch], Terminal = true }).WaitAsync(Hang);

        foreach (var process in new[] { task, exec })
        {
            await using var lines = process.ReadLinesAsync().GetAsyncEnumerator();
            Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(Hang));
            await Tasks.ResizeTerminalAsync(id, 123, 45, process.ExecId).WaitAsync(Hang);
            Assert.True(await lines.MoveNextAsync().AsTask().WaitAsync(Hang));
            Assert.Equal("45 123", lines.Current.Text);
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Tasks.ResizeTerminalAsync(id, 0, 45));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Tasks.ResizeTerminalAsync(id, 80, 65536));
    }

    [SkippableFact]
    public async Task What_needs_a_running_task_says_so()
    {
        var id = await ContainerAsync("true");
        await Tasks.StartAsync(id).WaitAsync(Hang);
        await Tasks.WaitAsync(id).WaitAsync(Hang);

        foreach (var call in (Func<Task>[])[
            () => Tasks.PauseAsync(id),
            () => Tasks.UpdateAsync(id, new CtrSpecResources { Pids = new() { Limit = 5 } }),
            () => Tasks.StartExecAsync(id, new ExecOptions { Command = ["true"] }),
            () => Tasks.StartDetachedExecAsync(id, new ExecOptions { Command = ["true"] })])
        {
            Assert.Contains(id, await AssertErrorAsync("TaskNotRunning", CtrErrorKind.FailedPrecondition, call), StringComparison.Ordinal);
        }

        Assert.Empty(await Tasks.ListProcessesAsync(id));
    }
}
