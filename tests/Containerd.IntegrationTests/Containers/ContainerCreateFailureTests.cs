using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests.Containers;

public sealed class ContainerCreateFailureTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    private const int Moments = 100;

    [SkippableFact]
    public async Task An_id_that_is_taken_is_refused_and_the_other_container_stays_whole()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        var first = await client.Containers.CreateAsync(PrivateClient.Sleeper("taken"));

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Containers.CreateAsync(PrivateClient.Sleeper("taken")));

        Assert.Equal(CtrErrorKind.AlreadyExists, error.Kind);
        Assert.Equal("ContainerAlreadyExists", error.ErrorId);
        Assert.Equal("taken", error.Target);
        Assert.Equal(["taken"], client.Bundles);
        Assert.Contains("taken", await SnapshotsAsync(first.Snapshotter));
        await client.Containers.DeleteAsync("taken");
    }

    [SkippableFact]
    public async Task Of_many_creates_of_one_id_one_succeeds_and_its_snapshot_stays()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);

        var attempts = Enumerable.Range(0, 20).Select(_ => client.Containers.CreateAsync(PrivateClient.Sleeper("contended"))).ToArray();
        await Task.WhenAll(attempts).ContinueWith(_ => { }, TaskScheduler.Default);

        var made = Assert.Single(attempts, attempt => attempt.IsCompletedSuccessfully);
        Assert.All(
            attempts.Where(attempt => attempt.IsFaulted),
            attempt => Assert.Equal(CtrErrorKind.AlreadyExists, Assert.IsType<CtrException>(attempt.Exception!.InnerException).Kind));
        Assert.Contains("contended", await SnapshotsAsync((await made).Snapshotter));
        Assert.Equal(CtrTaskStatus.Running, (await client.Client.Tasks.StartAsync("contended")).Status);
        await client.Containers.DeleteAsync("contended", force: true);
    }

    [SkippableFact]
    public async Task A_snapshot_that_is_in_the_way_is_named_and_stays()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        var made = await client.Containers.CreateAsync(PrivateClient.Sleeper("left"));
        await client.Containers.DeleteAsync("left", keepSnapshot: true);

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Containers.CreateAsync(PrivateClient.Sleeper("left")));

        Assert.Equal("SnapshotAlreadyExists", error.ErrorId);
        Assert.Contains("left", await SnapshotsAsync(made.Snapshotter));
        await RequireNothingAsync(client);
        await daemon.RunCtrAsync("snapshots", "--snapshotter", made.Snapshotter, "remove", "left");
    }

    [SkippableFact]
    public async Task What_is_missing_is_named()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        var sleeper = PrivateClient.Sleeper("missing");

        var image = await ErrorOfAsync(client, sleeper with { Image = "nosuch" });
        var snapshot = await ErrorOfAsync(client, sleeper with { SnapshotKey = "nosuch" });
        var user = await ErrorOfAsync(client, sleeper with { SpecOptions = sleeper.SpecOptions with { User = "nosuch" } });
        var root = await ErrorOfAsync(client, sleeper with { Image = null });

        Assert.Equal("ImageNotFound", image.ErrorId);
        Assert.Contains("nosuch", image.Message, StringComparison.Ordinal);
        Assert.Equal("SnapshotNotFound", snapshot.ErrorId);
        Assert.Equal("InvalidSpecOption", user.ErrorId);
        Assert.Equal("RootFsMissing", root.ErrorId);
        await RequireNothingAsync(client);
    }

    public static TheoryData<string, string> HostileIds => new()
    {
        { "", "is empty" }, { "../up", "not allowed" }, { "a/b", "not allowed" }, { "a\n", "not allowed" }, { "a b", "not allowed" },
        { "-a", "not allowed" }, { new string('a', 77), "more than 76" }, { "é", "not allowed" }, { "a\0", "not allowed" },
    };

    [Theory]
    [MemberData(nameof(HostileIds))]
    public async Task A_hostile_id_is_refused_before_the_daemon_is_asked(string id, string reason)
    {
        using var client = Unreachable();

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Containers.CreateAsync(PrivateClient.Sleeper(id)));

        Assert.Equal("InvalidContainerId", error.ErrorId);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_labels_signals_and_runtime_options_are_refused_before_the_daemon_is_asked()
    {
        using var client = Unreachable();
        var sleeper = PrivateClient.Sleeper("hostile");

        ContainerCreateOptions[] refused =
        [
            sleeper with { Labels = new Dictionary<string, string> { [""] = "value" } },
            sleeper with { Labels = new Dictionary<string, string> { ["key"] = new string('v', 4096) } },
            sleeper with { StopSignal = "SIGNOSUCH" },
            sleeper with { RuntimeOptions = new Dictionary<string, object?> { ["NoSuch"] = true } },
            sleeper with { RuntimeOptions = new Dictionary<string, object?> { ["SystemdCgroup"] = "perhaps" } },
            sleeper with { Runtime = "io.containerd.other.v1", RuntimeOptions = new Dictionary<string, object?> { ["Root"] = "/x" } },
        ];

        foreach (var options in refused)
        {
            var error = await Assert.ThrowsAsync<CtrException>(() => client.Containers.CreateAsync(options));
            Assert.Equal("InvalidContainerOption", error.ErrorId);
        }
    }

    [SkippableFact]
    public async Task A_directory_that_cannot_be_made_takes_the_container_and_its_snapshot_back()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        var snapshots = await SnapshotsAsync("overlayfs");
        await File.WriteAllTextAsync(Path.Combine(client.StateDirectory, "file"), "");
        using var blocked = ContainerdClient.Create(
            ContainerdAddress.Parse(daemon.Address),
            daemon.Namespace,
            new ContainerdClientOptions { StateDirectory = Path.Combine(client.StateDirectory, "file") });

        await Assert.ThrowsAnyAsync<IOException>(() => blocked.Containers.CreateAsync(PrivateClient.Sleeper("blocked")));

        await RequireNothingAsync(client);
        Assert.Equal(snapshots, await SnapshotsAsync("overlayfs"));
    }

    [SkippableFact]
    public async Task A_create_cancelled_at_any_moment_leaves_nothing()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);

        // The least of many: a machine that has other work makes one of them last much longer than those that are cancelled.
        var whole = TimeSpan.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            var watch = Stopwatch.StartNew();
            await client.Containers.CreateAsync(PrivateClient.Sleeper("measured"));
            whole = watch.Elapsed < whole ? watch.Elapsed : whole;
            await client.Containers.DeleteAsync("measured");
        }

        var snapshots = await SnapshotsAsync("overlayfs");
        var cancelled = 0;
        for (var moment = 0; moment < Moments; moment++)
        {
            cancelled += await CancelAsync(client, $"moment-{moment}", whole * moment / Moments) ? 1 : 0;

            await RequireNothingAsync(client);
            Assert.Equal(snapshots, await SnapshotsAsync("overlayfs"));
        }

        Assert.InRange(cancelled, Moments / 10, Moments);
    }

    [SkippableFact]
    public async Task A_cancelled_unpack_leaves_no_container()
    {
        daemon.Require();
        using var client = new PrivateClient(daemon);
        await client.ImportAsync(daemon);
        for (var moment = 0; moment < 10; moment++)
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(5 * moment));
            try
            {
                await client.Containers.CreateAsync(PrivateClient.Sleeper("unpacking") with { Snapshotter = "native" }, cancel.Token);
                await client.Containers.DeleteAsync("unpacking");
            }
            catch (OperationCanceledException)
            {
                // Wherever it was.
                await daemon.SettledAsync();
            }

            await RequireNothingAsync(client);
            Assert.DoesNotContain("Active", await SnapshotsAsync("native"));
        }
    }

    /// <summary>Starts a create and cancels it after a while, which is shorter than a timer's tick.</summary>
    private async Task<bool> CancelAsync(PrivateClient client, string id, TimeSpan after)
    {
        using var cancel = new CancellationTokenSource();
        var watch = Stopwatch.StartNew();
        var creating = client.Containers.CreateAsync(PrivateClient.Sleeper(id), cancel.Token);
        while (watch.Elapsed < after && !creating.IsCompleted)
        {
            Thread.Yield();
        }

        await cancel.CancelAsync();
        try
        {
            await creating;
            await client.Containers.DeleteAsync(id);
            return false;
        }
        catch (OperationCanceledException)
        {
            await daemon.SettledAsync();
            return true;
        }
    }

    private PrivateClient Unreachable() => new("/nowhere/containerd.sock", daemon.Namespace);

    private static Task<CtrException> ErrorOfAsync(PrivateClient client, ContainerCreateOptions options) =>
        Assert.ThrowsAsync<CtrException>(() => client.Containers.CreateAsync(options));

    private async Task RequireNothingAsync(PrivateClient client)
    {
        Assert.Empty(await client.IdsAsync());
        Assert.Empty(client.Bundles);
        Assert.Empty(await daemon.RunCtrAsync("leases", "list", "--quiet"));
    }

    private Task<string> SnapshotsAsync(string snapshotter) => daemon.RunCtrAsync("snapshots", "--snapshotter", snapshotter, "list");
}
