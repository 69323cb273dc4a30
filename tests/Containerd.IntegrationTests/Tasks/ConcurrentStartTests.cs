using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Two callers that start one task: the one that comes second does the first no harm.</summary>
public sealed class ConcurrentStartTests(DaemonFixture daemon) : TaskTests(daemon)
{
    [SkippableFact]
    public async Task Of_many_starts_of_a_task_that_was_made_one_succeeds_and_the_task_runs_on()
    {
        for (var round = 0; round < 5; round++)
        {
            var id = await ContainerAsync("sleep", "3600");
            await Tasks.CreateAsync(id).WaitAsync(Hang);

            var started = await StartManyAsync(id);

            Assert.Equal(1, started);
            Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }
    }

    [SkippableFact]
    public async Task Of_many_starts_of_a_container_without_a_task_one_succeeds_and_the_task_runs_on()
    {
        for (var round = 0; round < 5; round++)
        {
            var id = await ContainerAsync("sleep", "3600");

            var started = await StartManyAsync(id);

            Assert.Equal(1, started);
            Assert.Equal(CtrTaskStatus.Running, (await Tasks.GetAsync(id)).Status);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }
    }

    [SkippableFact]
    public async Task Of_many_creates_of_a_task_one_succeeds_and_keeps_its_log()
    {
        for (var round = 0; round < 10; round++)
        {
            var id = await ContainerAsync("sleep", "3600");

            var made = await CountSuccessesAsync(() => Tasks.CreateAsync(id));

            Assert.Equal(1, made);
            Assert.Equal(CtrTaskStatus.Created, (await Tasks.GetAsync(id)).Status);

            // It is there, though there is no line in it yet.
            Assert.Equal(0, await Tasks.ReadLogAsync(id).CountAsync());
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }
    }

    private Task<int> StartManyAsync(string id) => CountSuccessesAsync(() => Tasks.StartAsync(id));

    private static async Task<int> CountSuccessesAsync(Func<Task> call)
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            try
            {
                await call().WaitAsync(Hang);
                return true;
            }
            catch (CtrException e) when (e.Kind is CtrErrorKind.FailedPrecondition or CtrErrorKind.AlreadyExists)
            {
                return false;
            }
        }));
        return results.Count(succeeded => succeeded);
    }
}
