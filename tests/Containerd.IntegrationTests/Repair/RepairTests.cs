using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests.Repair;

/// <summary>What a client that died left behind is found and removed; what a living one uses is not touched.</summary>
public sealed class RepairTests(DaemonFixture daemon) : RemnantTests(daemon)
{
    private readonly string _snapshotter = "overlayfs";

    [SkippableFact]
    public async Task A_dead_process_s_lease_and_all_that_it_held_is_removed()
    {
        Daemon.Require();
        var services = Services(await DeadLeaseAsync());
        await BeginAsync(services);

        var found = await FindAsync();

        Assert.Equal(
            [
                (CtrRemnantKind.Ingest, IngestName.For("import", services.LeaseId!, 1)),
                (CtrRemnantKind.Snapshot, $"snapshot-{services.LeaseId}"),
                (CtrRemnantKind.Lease, services.LeaseId!),
            ],
            found.Select(remnant => (remnant.Kind, remnant.Id)));
        Assert.All(found, remnant => Assert.False(remnant.Removed || string.IsNullOrEmpty(remnant.Reason)));
        await RemoveAsync(found);
        Assert.Empty(await FindAsync());
        Assert.Empty(await Daemon.RunCtrAsync("leases", "list", "--quiet"));
        Assert.DoesNotContain(services.LeaseId!, await Daemon.RunCtrAsync("snapshots", "list"), StringComparison.Ordinal);
        Assert.DoesNotContain(services.LeaseId!, await Daemon.RunCtrAsync("content", "active"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_a_living_process_holds_is_not_found()
    {
        Daemon.Require();
        await using var lease = await new LeaseClient(Services(null)).AcquireAsync(CancellationToken.None);
        await BeginAsync(lease.Services);
        await Daemon.RunCtrAsync("leases", "create", "--id", "of-another-client");
        await Daemon.RunCtrAsync("leases", "create", "--id", "of-another-machine", $"{ClientProcess.Label}={Guid.NewGuid()}/1/2/3");
        var id = await RunningAsync();
        await using var process = await Tasks.StartExecAsync(id, new ExecOptions { Command = ["cat"], StandardInput = true });
        Age();

        Assert.Empty(await FindAsync());

        await Daemon.RunCtrAsync("leases", "delete", "of-another-client", "of-another-machine");
        await Tasks.ForceDeleteAsync(id);
    }

    [SkippableFact]
    public async Task A_snapshot_that_a_container_uses_outlives_the_lease_that_made_it()
    {
        Daemon.Require();
        var services = Services(await DeadLeaseAsync());
        var snapshots = new SnapshotClient(services, new DefaultSnapshotter(new IntrospectionClient(services)));
        await snapshots.PrepareAsync(_snapshotter, "in-use", "", new Dictionary<string, string>(), CancellationToken.None);
        await Daemon.Client.Containers.CreateAsync(new()
        {
            SnapshotKey = "in-use",
            Snapshotter = _snapshotter,
            SpecOptions = new() { Id = "user", Command = ["true"] },
        });

        var found = await FindAsync();

        Assert.Equal([CtrRemnantKind.Lease], found.Select(remnant => remnant.Kind));
        await RemoveAsync(found);
        Assert.Contains("in-use", await Daemon.RunCtrAsync("snapshots", "list"), StringComparison.Ordinal);
        await Daemon.Client.Containers.DeleteAsync("user");
    }

    [SkippableFact]
    public async Task The_snapshot_of_a_create_that_was_broken_off_is_in_nobodys_way()
    {
        Daemon.Require();
        var services = Services(await DeadLeaseAsync());
        var snapshots = new SnapshotClient(services, new DefaultSnapshotter(new IntrospectionClient(services)));
        await snapshots.PrepareAsync(_snapshotter, "broken-off", "", new Dictionary<string, string>(), CancellationToken.None);

        var made = await Daemon.Client.Containers.CreateAsync(new()
        {
            Image = Image,
            Snapshotter = _snapshotter,
            SpecOptions = new() { Id = "broken-off", Command = ["true"] },
        });

        Assert.StartsWith("broken-off-", made.SnapshotKey, StringComparison.Ordinal);
        await Daemon.Client.Containers.DeleteAsync("broken-off");
        var found = await FindAsync();
        Assert.Equal([(CtrRemnantKind.Snapshot, "broken-off"), (CtrRemnantKind.Lease, services.LeaseId)], found.Select(remnant => (remnant.Kind, (string?)remnant.Id)));
        await RemoveAsync(found);
    }

    [SkippableFact]
    public async Task A_task_that_has_ended_without_its_container_is_removed_and_a_running_one_stays()
    {
        var ended = await ContainerAsync("true");
        var running = await RunningAsync();
        await Tasks.StartAsync(ended);
        await Tasks.WaitAsync(ended).WaitAsync(Hang);
        var pid = (await Tasks.GetAsync(running)).Pid;
        await Daemon.Client.Containers.DeleteRecordAsync(ended, CancellationToken.None);
        await Daemon.Client.Containers.DeleteRecordAsync(running, CancellationToken.None);
        Age();

        var found = await FindAsync();

        Assert.Equal([(CtrRemnantKind.Task, ended)], found.Select(remnant => (remnant.Kind, remnant.Id)));
        await RemoveAsync(found);
        Assert.Equal([running], (await Tasks.ListAsync()).Select(task => task.Id));
        var left = Assert.Single(await FindAsync());
        Assert.Equal((CtrRemnantKind.Directory, ended), (left.Kind, Path.GetFileName(left.Id)));

        Process.GetProcessById(pid).Kill();
        using var guard = new CancellationTokenSource(Hang);
        while ((await Tasks.ListAsync(guard.Token)).Any(task => task.Status != CtrTaskStatus.Stopped))
        {
            await Task.Delay(20, guard.Token);
        }

        await RemoveAsync(await FindAsync());
        Assert.Equal([CtrRemnantKind.Directory], (await FindAsync()).Select(remnant => remnant.Kind));
        await RemoveAsync(await FindAsync());
        Assert.Empty(await Tasks.ListAsync());
    }

    [SkippableFact]
    public async Task What_is_in_use_again_when_it_is_to_be_removed_stays()
    {
        var id = await ContainerAsync("true");
        var gone = await ContainerAsync("true");
        var ended = await ContainerAsync("true");
        await Tasks.StartAsync(ended);
        await Tasks.WaitAsync(ended).WaitAsync(Hang);
        await Daemon.Client.Containers.DeleteRecordAsync(ended, CancellationToken.None);
        await Daemon.Client.Containers.DeleteRecordAsync(gone, CancellationToken.None);
        var directory = Bundle.PathFor(Daemon.StateDirectory, ContainerdAddress.Parse(Daemon.Address), Daemon.Namespace, id);
        var fifo = Containerd.Client.IO.ProcessFifos.Create(directory, "exec-left", standardInput: false, terminal: true).StandardOutputPath;
        var lease = await DeadLeaseAsync();
        var services = Services(lease);
        await BeginAsync(services);
        Age();
        var found = await FindAsync();
        Assert.Equal(Enum.GetValues<CtrRemnantKind>(), found.Select(remnant => remnant.Kind).Order());

        using var reader = Containerd.Client.IO.Fifo.Open(fifo, FileAccess.Read);
        await CreateAsync(gone, null);
        await CreateAsync(ended, $"snapshot-{lease}");

        // With its lease the ingest goes too.
        await Daemon.RunCtrAsync("leases", "delete", lease);
        await Daemon.RunCtrAsync("leases", "create", "--id", lease);
        foreach (var remnant in found)
        {
            Assert.Equal(remnant, await Daemon.Client.Repair.RemoveAsync(remnant));
        }

        Assert.True(File.Exists(fifo));
        Assert.True(Directory.Exists(found.Single(remnant => remnant.Kind == CtrRemnantKind.Directory).Id));
        Assert.Equal(CtrTaskStatus.Stopped, (await Tasks.GetAsync(ended)).Status);
        Assert.Contains($"snapshot-{lease}", await Daemon.RunCtrAsync("snapshots", "list"), StringComparison.Ordinal);
        Assert.Contains(lease, await Daemon.RunCtrAsync("leases", "list", "--quiet"), StringComparison.Ordinal);
        reader.Dispose();

        // Collected before the search: an ingest that goes between search and removal is not ours to remove any more.
        await Daemon.RunCtrAsync("leases", "delete", "--sync", lease);
        await RemoveAsync(await FindAsync());
        foreach (var container in new[] { id, gone, ended })
        {
            await Daemon.Client.Containers.DeleteAsync(container);
        }
    }

    private ServiceChannel Services(string? lease)
    {
        var address = ContainerdAddress.Parse(Daemon.Address);
        var transport = Client.Connections.Transport.For(address, null);
        return new(new(transport.Authority, transport.ConnectAsync), address, Daemon.Namespace, Hang, lease);
    }

    private async Task<string> DeadLeaseAsync()
    {
        using var process = Process.Start("sleep", "3600");
        var name = ClientProcess.Describe(process.Id);
        process.Kill();
        await process.WaitForExitAsync();
        var id = Guid.NewGuid().ToString("N");
        await Daemon.RunCtrAsync("leases", "create", "--id", id, $"{ClientProcess.Label}={name}");
        return id;
    }

    /// <summary>An ingest and a snapshot under a lease.</summary>
    private async Task BeginAsync(ServiceChannel services)
    {
        using (var writer = new ContentWriter(services, IngestName.For("import", services.LeaseId!, 1), null, 100, CancellationToken.None))
        {
            await writer.OpenAsync(CancellationToken.None);
        }

        var snapshots = new SnapshotClient(services, new DefaultSnapshotter(new IntrospectionClient(services)));
        await snapshots.PrepareAsync(_snapshotter, $"snapshot-{services.LeaseId}", "", new Dictionary<string, string>(), CancellationToken.None);
    }

    private Task<CtrContainer> CreateAsync(string id, string? snapshot) => Daemon.Client.Containers.CreateAsync(new()
    {
        Image = snapshot is null ? Image : null,
        SnapshotKey = snapshot,
        Snapshotter = _snapshotter,
        SpecOptions = new() { Id = id, Command = ["true"] },
    });
}
