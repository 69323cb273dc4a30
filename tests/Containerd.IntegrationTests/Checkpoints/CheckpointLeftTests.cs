using System.Text.RegularExpressions;
using Containerd.Client;

namespace Containerd.IntegrationTests.Checkpoints;

/// <summary>A caller that leaves a daemon which falls silent while a task ends with its checkpoint learns what keeps it.</summary>
public sealed class CheckpointLeftTests(PrivateDaemon daemon) : IClassFixture<PrivateDaemon>
{
    private const int SigCont = 18, Rounds = 8, StepMilliseconds = 15;

    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task The_error_names_a_lease_that_keeps_it_and_that_repairing_spares()
    {
        await daemon.RequireAsync();
        using var client = daemon.Connect();
        await PrivateDaemon.ImportAsync(client);
        var kept = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var id = $"left-{i}";
            await client.Containers.CreateAsync(new() { Image = "busybox", SpecOptions = new() { Id = id, Command = ["sleep", "3600"] } });
            await client.Tasks.StartAsync(id, DetachedOutput.None);
            if (await LeaveAsync(client, id, i * StepMilliseconds) is { } lease)
            {
                kept++;
                await WaitUntilStoppedAsync(client, id);
                var services = Services(client.Namespace, lease);
                using var channel = services.Channel;
                var message = Assert.Single(await new LeaseClient(services).ListAsync(default), other => other.Id == lease);
                Assert.DoesNotContain(ClientProcess.Label, message.Labels.Keys);
                await client.Tasks.DeleteAsync(id).WaitAsync(s_hang);
                var memory = new CtrDescriptor { MediaType = CheckpointMediaTypes.Memory, Digest = await MemoryAsync(services), Size = 0 };
                Assert.Equal(CtrTaskStatus.Running, (await client.Checkpoints.StartAsync(id, memory, DetachedOutput.None).WaitAsync(s_hang)).Status);
                await new LeaseClient(services).DeleteAsync(lease, default);
            }

            await client.Containers.DeleteAsync(id, force: true).WaitAsync(s_hang);
        }

        Assert.True(kept > 0, "No save was left in the middle.");
    }

    /// <summary>Cancels a save while the daemon stands still; gives the lease of one whose task may have ended.</summary>
    private async Task<string?> LeaveAsync(ContainerdClient client, string id, int after)
    {
        using var cancellation = new CancellationTokenSource();
        var saving = client.Checkpoints.SaveAsync(id, Path.Combine(daemon.Directory, id), new() { Exit = true }, cancellation.Token);
        await WaitUntilBegunAsync(client, saving);
        await Task.Delay(after);
        await PrivateDaemon.FreezeAsync(daemon.Pid);
        try
        {
            await cancellation.CancelAsync();
            await saving.WaitAsync(s_hang);
        }
        catch (CtrException e) when (e.ErrorId == "CheckpointKept")
        {
            return Regex.Match(e.Message, "lease '([0-9a-f]+)'").Groups[1].Value;
        }
        catch (OperationCanceledException)
        {
            // The checkpoint had not begun.
        }
        finally
        {
            PrivateDaemon.Send(daemon.Pid, SigCont);
        }

        return null;
    }

    /// <summary>Until it has its lease: then it asks for the checkpoint.</summary>
    private async Task WaitUntilBegunAsync(ContainerdClient client, Task saving)
    {
        using var guard = new CancellationTokenSource(s_hang);
        var services = Services(client.Namespace, lease: null);
        using var channel = services.Channel;
        while (!saving.IsCompleted && (await new LeaseClient(services).ListAsync(guard.Token)).Count == 0)
        {
            await Task.Delay(1, guard.Token);
        }
    }

    private static async Task WaitUntilStoppedAsync(ContainerdClient client, string id)
    {
        using var guard = new CancellationTokenSource(s_hang);
        while ((await client.Tasks.GetAsync(id, guard.Token)).Status != CtrTaskStatus.Stopped)
        {
            await Task.Delay(20, guard.Token);
        }
    }

    /// <summary>The larger one of the two blobs of a checkpoint, the other being the spec, when it is there.</summary>
    private static async Task<string> MemoryAsync(ServiceChannel services)
    {
        using var guard = new CancellationTokenSource(s_hang);
        var content = new ContentClient(services);
        while (true)
        {
            var sizes = new List<(long Size, string Digest)>();
            foreach (var digest in await new Lease(services, guard.Token).ListContentAsync(guard.Token))
            {
                sizes.Add((await content.SizeAsync(digest, guard.Token), digest));
            }

            if (sizes.Count == 2)
            {
                return sizes.Max().Digest;
            }

            await Task.Delay(20, guard.Token);
        }
    }

    private ServiceChannel Services(string @namespace, string? lease)
    {
        var address = ContainerdAddress.Parse(daemon.Address);
        var transport = Client.Connections.Transport.For(address, null);
        return new(new(transport.Authority, transport.ConnectAsync), address, @namespace, s_hang, lease);
    }
}
