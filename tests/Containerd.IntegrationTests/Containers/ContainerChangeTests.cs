using System.Text;
using Containerd.Client;

namespace Containerd.IntegrationTests.Containers;

public sealed class ContainerChangeTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    [SkippableFact]
    public async Task An_update_changes_what_it_names_and_nothing_else()
    {
        daemon.Require();
        using var client = await WithContainerAsync("changed", new() { ["stays"] = "1", ["goes"] = "2", ["dotted/a.b"] = "3" });

        var changed = await client.Containers.UpdateAsync("changed", new()
        {
            Labels = new Dictionary<string, string> { ["new"] = "4", ["dotted/a.b"] = "5" },
            RemovedLabels = ["goes", "never there"],
            Extensions = new Dictionary<string, CtrExtension> { ["io.test/x"] = new() { TypeUrl = "test.Type", Value = "v"u8.ToArray() } },
        });

        Assert.Equal("1", changed.Labels["stays"]);
        Assert.Equal("4", changed.Labels["new"]);
        Assert.Equal("5", changed.Labels["dotted/a.b"]);
        var stored = await client.Containers.GetAsync("changed");
        Assert.DoesNotContain("goes", stored.Labels.Keys);
        Assert.Equal("test.Type", stored.Extensions["io.test/x"].TypeUrl);
        Assert.Equal("v", Encoding.UTF8.GetString(stored.Extensions["io.test/x"].Value));
        Assert.Equal(["sleep", "600"], (await client.Containers.GetSpecAsync("changed")).Process!.Args);
        await client.Containers.DeleteAsync("changed");
    }

    [SkippableFact]
    public async Task Updates_of_different_labels_at_once_lose_nothing()
    {
        daemon.Require();
        using var client = await WithContainerAsync("contended", []);

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => client.Containers.UpdateAsync(
            "contended", new() { Labels = new Dictionary<string, string> { [$"label-{i}"] = "x" } })));

        Assert.Equal(40, (await client.Containers.GetAsync("contended")).Labels.Keys.Count(key => key.StartsWith("label-", StringComparison.Ordinal)));
        await client.Containers.DeleteAsync("contended");
    }

    [SkippableFact]
    public async Task An_update_of_nothing_changes_nothing()
    {
        daemon.Require();
        using var client = await WithContainerAsync("same", new() { ["stays"] = "1" });

        await client.Containers.UpdateAsync("same", new());

        Assert.Equal("1", (await client.Containers.GetAsync("same")).Labels["stays"]);
        await client.Containers.DeleteAsync("same");
    }

    [SkippableFact]
    public async Task A_new_spec_is_what_the_next_task_runs()
    {
        daemon.Require();
        using var client = await WithContainerAsync("respecified", []);
        var spec = await client.Containers.GetSpecAsync("respecified");
        spec.Process!.Args = ["sh", "-c", "exit 7"];

        await client.Containers.UpdateAsync("respecified", new() { Spec = spec });

        await client.Client.Tasks.StartAsync("respecified");
        Assert.Equal(7, (await client.Client.Tasks.WaitAsync("respecified")).ExitCode);
        await client.Containers.DeleteAsync("respecified", force: true);
    }

    [SkippableFact]
    public async Task A_removed_container_leaves_no_snapshot_and_no_directory()
    {
        daemon.Require();
        using var client = await WithContainerAsync("removed", []);
        var container = await client.Containers.GetAsync("removed");

        await client.Containers.DeleteAsync("removed");

        Assert.Empty(await client.IdsAsync());
        Assert.Empty(client.Bundles);
        Assert.DoesNotContain("removed", await SnapshotsAsync(container));
        Assert.Equal("ContainerNotFound", (await Assert.ThrowsAsync<CtrException>(() => client.Containers.DeleteAsync("removed"))).ErrorId);
    }

    [SkippableFact]
    public async Task A_container_whose_task_lives_stays_and_one_whose_task_has_ended_goes_with_it()
    {
        daemon.Require();
        using var client = await WithContainerAsync("busy", []);
        await client.Client.Tasks.StartAsync("busy");

        var running = await Assert.ThrowsAsync<CtrException>(() => client.Containers.DeleteAsync("busy"));
        Assert.Equal(["busy"], await client.IdsAsync());
        await client.Client.Tasks.SendSignalAsync("busy", 9);
        await client.Client.Tasks.WaitAsync("busy");
        await client.Containers.DeleteAsync("busy");

        Assert.Equal(CtrErrorKind.FailedPrecondition, running.Kind);
        Assert.Contains("running", running.Message, StringComparison.Ordinal);
        Assert.Empty(await client.Client.Tasks.ListAsync());
        Assert.Empty(await client.IdsAsync());
        Assert.Empty(client.Bundles);
    }

    [SkippableFact]
    public async Task A_running_task_is_ended_by_force()
    {
        daemon.Require();
        using var client = await WithContainerAsync("running", []);
        await client.Client.Tasks.StartAsync("running");

        await client.Containers.DeleteAsync("running", force: true);

        Assert.Empty(await client.Client.Tasks.ListAsync());
        Assert.Empty(await client.IdsAsync());
    }

    [SkippableFact]
    public async Task A_kept_snapshot_outlives_the_garbage_collector()
    {
        daemon.Require();
        using var client = await WithContainerAsync("kept", []);
        var container = await client.Containers.GetAsync("kept");

        await client.Containers.DeleteAsync("kept", keepSnapshot: true);
        await daemon.RunCtrAsync("leases", "create", "--id", "collect");
        await daemon.RunCtrAsync("leases", "delete", "--sync", "collect");

        Assert.Contains("kept", await SnapshotsAsync(container));
        await daemon.RunCtrAsync("snapshots", "--snapshotter", container.Snapshotter, "remove", "kept");
    }

    [SkippableFact]
    public async Task A_label_that_names_a_foreign_directory_does_not_remove_it()
    {
        daemon.Require();
        using var client = await WithContainerAsync("labelled", []);
        var root = Directory.CreateTempSubdirectory("ctr-foreign-");
        try
        {
            var foreign = root.CreateSubdirectory("labelled");
            File.WriteAllText(Path.Combine(foreign.FullName, "database"), "all there is");
            await client.Containers.UpdateAsync(
                "labelled", new() { Labels = new Dictionary<string, string> { ["com.docker/engine.bundle.path"] = foreign.FullName } });

            await client.Containers.DeleteAsync("labelled");

            Assert.True(File.Exists(Path.Combine(foreign.FullName, "database")));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task The_list_takes_filters_with_any_value()
    {
        daemon.Require();
        const string Hostile = "a\"b\\c,d==e\tf";
        using var client = await WithContainerAsync("filtered", new() { ["key with space"] = Hostile });

        var found = new List<string>();
        await foreach (var container in client.Containers.ListAsync([CtrFilter.Label("key with space", Hostile)]))
        {
            found.Add(container.Id);
        }

        await foreach (var container in client.Containers.ListAsync([CtrFilter.Label("key with space", "other")]))
        {
            found.Add(container.Id);
        }

        Assert.Equal(["filtered"], found);
        await client.Containers.DeleteAsync("filtered");
    }

    private async Task<PrivateClient> WithContainerAsync(string id, Dictionary<string, string> labels)
    {
        var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        await client.Containers.CreateAsync(PrivateClient.Sleeper(id) with { Labels = labels });
        return client;
    }

    private Task<string> SnapshotsAsync(CtrContainer container) =>
        daemon.RunCtrAsync("snapshots", "--snapshotter", container.Snapshotter, "list");
}
