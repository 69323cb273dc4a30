using Containerd.Client;

namespace Containerd.IntegrationTests.Faults;

/// <summary>One shim that hangs does not take the others' tasks with it.</summary>
public sealed class FrozenShimTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private const int SigCont = 18, OtherContainers = 3;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    // Less than a call to a shim that hangs takes to fail.
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    [SkippableFact]
    public async Task A_shim_that_is_stopped_is_an_error_and_the_rest_of_the_list_comes()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        string[] ids = ["one", "two", "three"];
        foreach (var id in ids)
        {
            await client.Containers.CreateAsync(new()
            {
                Image = "busybox",
                SpecOptions = new() { Id = id, Command = ["sleep", "3600"] },
            });
            await client.Tasks.StartAsync(id, DetachedOutput.None);
        }

        var shim = daemon.ShimOf("two");
        await PrivateDaemon.FreezeAsync(shim);
        try
        {
            var failures = new List<CtrException>();
            var tasks = await client.Tasks.ListAsync(failures).WaitAsync(s_hang);

            Assert.Equal(["one", "three"], tasks.Select(task => task.Id).Order());
            Assert.All(tasks, task => Assert.Equal(CtrTaskStatus.Running, task.Status));
            AssertNotResponding(Assert.Single(failures));
            AssertNotResponding(await Assert.ThrowsAsync<CtrException>(() => client.Tasks.GetAsync("two").WaitAsync(s_hang)));
            Assert.Equal(CtrTaskStatus.Running, (await client.Tasks.GetAsync("one").WaitAsync(s_hang)).Status);
        }
        finally
        {
            PrivateDaemon.Send(shim, SigCont);
        }

        Assert.Equal(CtrTaskStatus.Running, (await client.Tasks.GetAsync("two").WaitAsync(s_hang)).Status);
        foreach (var id in ids)
        {
            await client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);
        }
    }

    [SkippableFact]
    public async Task A_shim_that_is_stopped_holds_up_no_other_container_and_nobody_who_cancels()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect($"shims-{Guid.NewGuid():N}");
        await PrivateDaemon.ImportAsync(client);
        string[] ids = ["hung", .. Enumerable.Range(0, OtherContainers).Select(i => $"other-{i}")];
        foreach (var id in ids)
        {
            await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = id, Command = ["sleep", "3600"] } });
            await client.Tasks.StartAsync(id, DetachedOutput.None);
        }

        var shim = daemon.ShimOf("hung");
        await PrivateDaemon.FreezeAsync(shim);
        try
        {
            using var cancellation = new CancellationTokenSource();
            Task[] hanging =
            [
                .. Enumerable.Range(0, 4).Select(_ => client.Tasks.ExecAsync("hung", new() { Command = ["true"] }, null, cancellation.Token)),
                client.Tasks.ForceDeleteAsync("hung", null, cancellation.Token),
            ];
            foreach (var id in ids[1..])
            {
                Assert.Equal(0, (await client.Tasks.ExecAsync(id, new() { Command = ["true"] }).WaitAsync(s_soon)).ExitCode);
            }

            Assert.DoesNotContain(hanging, task => task.IsCompleted);
            await cancellation.CancelAsync();
            foreach (var task in hanging)
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(s_soon));
            }
        }
        finally
        {
            PrivateDaemon.Send(shim, SigCont);
        }

        foreach (var id in ids)
        {
            await client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);
        }
    }

    [SkippableFact]
    public async Task An_exec_whose_id_somebody_else_wanted_lives_on()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect($"shims-{Guid.NewGuid():N}");
        await PrivateDaemon.ImportAsync(client);
        await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = "wanted", Command = ["sleep", "3600"] } });
        await client.Tasks.StartAsync("wanted", DetachedOutput.None);
        await client.Tasks.StartDetachedExecAsync("wanted", new() { ExecId = "mine", Command = ["sleep", "3600"] });
        var shim = daemon.ShimOf("wanted");
        await PrivateDaemon.FreezeAsync(shim);
        try
        {
            var error = await Assert.ThrowsAsync<CtrException>(() => client.WithTimeout(TimeSpan.FromSeconds(1)).Tasks
                .ExecAsync("wanted", new() { ExecId = "mine", Command = ["true"] }).WaitAsync(s_hang));
            Assert.Equal(CtrErrorKind.DeadlineExceeded, error.Kind);
        }
        finally
        {
            PrivateDaemon.Send(shim, SigCont);
        }

        // Also after what is taken back later.
        using var other = daemon.Connect(client.Namespace);
        await client.DisposeAsync().AsTask().WaitAsync(s_hang);
        Assert.Equal(CtrTaskStatus.Running, (await other.Tasks.GetExecAsync("wanted", "mine").WaitAsync(s_hang)).Status);
        await other.Containers.DeleteAsync("wanted", force: true).WaitAsync(s_hang);
    }

    private static void AssertNotResponding(CtrException error)
    {
        Assert.Equal(("TaskNotResponding", CtrErrorKind.DeadlineExceeded), (error.ErrorId, error.Kind));
        Assert.Equal("two", error.Target);
    }
}
