using Containerd.Client;

namespace Containerd.IntegrationTests.Repair;

/// <summary>Directories and FIFOs that nobody needs any more, and those that somebody does.</summary>
public sealed class RepairFilesTests(DaemonFixture daemon) : RemnantTests(daemon)
{
    private const int Clients = 4, Searches = 300;

    [SkippableFact]
    public async Task The_directory_of_a_container_that_is_gone_is_removed_and_others_stay()
    {
        var kept = await ContainerAsync("true");
        var gone = await ContainerAsync("true");
        await Daemon.RunCtrAsync("containers", "delete", gone);
        Assert.Empty(await FindAsync());
        Age();

        var found = await FindAsync();

        var remnant = Assert.Single(found);
        Assert.Equal(CtrRemnantKind.Directory, remnant.Kind);
        Assert.Equal(gone, Path.GetFileName(remnant.Id));
        await RemoveAsync(found);
        Assert.False(Directory.Exists(remnant.Id));
        Assert.True(Directory.Exists(Path.Combine(Path.GetDirectoryName(remnant.Id)!, kept)));
        await Daemon.Client.Containers.DeleteAsync(kept);
    }

    [SkippableFact]
    public async Task Fifos_that_nobody_has_open_are_removed()
    {
        var id = await ContainerAsync("true");
        var directory = Bundle.PathFor(Daemon.StateDirectory, ContainerdAddress.Parse(Daemon.Address), Daemon.Namespace, id);
        var shared = Path.Combine(TaskClient.FifoDirectory(Daemon.StateDirectory), "one");
        var live = Containerd.Client.IO.ProcessFifos.Create(directory, "exec-live", standardInput: false, terminal: true);
        using var reader = Containerd.Client.IO.Fifo.Open(live.StandardOutputPath, FileAccess.Read);
        var left = Containerd.Client.IO.ProcessFifos.Create(directory, "exec-left", standardInput: true, terminal: false);
        var alone = Containerd.Client.IO.ProcessFifos.Create(shared, "exec-alone", standardInput: false, terminal: true);
        Assert.Empty(await FindAsync());
        Age();

        var found = await FindAsync();

        Assert.Equal(
            [left.StandardErrorPath, left.StandardInputPath, left.StandardOutputPath, alone.StandardOutputPath],
            found.Select(remnant => remnant.Id).Order(StringComparer.Ordinal));
        Assert.All(found, remnant => Assert.Equal(CtrRemnantKind.Fifo, remnant.Kind));
        await RemoveAsync(found);
        Assert.Empty(await FindAsync());
        Assert.True(File.Exists(live.StandardOutputPath));
        Assert.False(Directory.Exists(shared));
        await Daemon.Client.Containers.DeleteAsync(id);
    }

    [SkippableFact]
    public async Task Nothing_is_found_of_clients_that_are_at_work()
    {
        Daemon.Require();
        var address = ContainerdAddress.Parse(Daemon.Address);
        using var working = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (!working.IsCancellationRequested)
            {
                var id = await ContainerAsync("true");
                await Tasks.StartAsync(id);
                await Tasks.WaitAsync(id);
                Directory.SetLastWriteTimeUtc(Bundle.PathFor(Daemon.StateDirectory, address, Daemon.Namespace, id), DateTime.UnixEpoch);
                await Daemon.Client.Containers.DeleteAsync(id);
            }
        }))];
        try
        {
            for (var i = 0; i < Searches; i++)
            {
                Assert.Empty(await FindAsync().WaitAsync(Hang));
            }
        }
        finally
        {
            await working.CancelAsync();
            await Task.WhenAll(clients).WaitAsync(Hang);
        }
    }

    [SkippableFact]
    public async Task What_lies_elsewhere_is_not_removed()
    {
        Daemon.Require();
        var elsewhere = Directory.CreateTempSubdirectory("ctr-repair-");
        try
        {
            var file = Path.Combine(elsewhere.FullName, "exec-1-stdout");
            await File.WriteAllTextAsync(file, "");
            var remnant = new CtrRemnant
            {
                Kind = CtrRemnantKind.Directory,
                Id = elsewhere.FullName,
                Reason = "",
                Address = Daemon.Address,
                Namespace = Daemon.Namespace,
            };

            Assert.False((await Daemon.Client.Repair.RemoveAsync(remnant)).Removed);
            Assert.False((await Daemon.Client.Repair.RemoveAsync(remnant with { Kind = CtrRemnantKind.Fifo, Id = file })).Removed);

            Assert.True(File.Exists(file));
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }
}
