using System.Text.RegularExpressions;
using Containerd.Client;

namespace Containerd.IntegrationTests.Checkpoints;

/// <summary>A task that ends with its checkpoint is in that alone: whatever goes wrong, one of them is left.</summary>
public sealed class CheckpointExitTests(DaemonFixture daemon) : CheckpointTests(daemon)
{
    private static readonly CheckpointOptions s_exit = new() { Exit = true };

    [SkippableFact]
    public async Task Where_the_directory_cannot_be_made_the_task_runs_on()
    {
        var id = await CountingAsync();
        var file = NewPath();
        await File.WriteAllTextAsync(file, "");

        await Assert.ThrowsAnyAsync<IOException>(() => Checkpoints.SaveAsync(id, Path.Combine(file, "checkpoint"), s_exit).WaitAsync(Hang));

        await CountBeyondAsync(id, await CountAsync(id) + 20);
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
    }

    [SkippableFact]
    public async Task Where_it_cannot_be_written_it_stays_in_the_daemon_and_the_error_tells_where()
    {
        var id = await CountingAsync();
        var small = NewPath();
        Directory.CreateDirectory(small);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", small);
        string message;
        try
        {
            message = await AssertErrorAsync(
                "CheckpointKept", CtrErrorKind.Unknown, () => Checkpoints.SaveAsync(id, Path.Combine(small, "checkpoint"), s_exit));
            Assert.Empty(Directory.EnumerateFileSystemEntries(small));
        }
        finally
        {
            await RunAsync("umount", "--lazy", small);
        }

        await AssertKeptAsync(id, message);
    }

    [SkippableFact]
    public async Task Where_not_even_its_directory_can_be_removed_the_error_tells_where_it_is()
    {
        var mounted = NewPath();
        var id = await CountingAsync(runc: $"case \" $* \" in *' checkpoint '*) until [ -e {mounted} ]; do sleep 0.01; done;; esac; exec \"$real\" \"$@\"");
        var path = NewPath();
        var saving = Checkpoints.SaveAsync(id, path, s_exit);
        string? partial = null;
        await UntilAsync(() =>
        {
            partial = Directory.EnumerateDirectories(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.*").SingleOrDefault();
            return Task.FromResult(partial is not null);
        });
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", partial!);
        await File.WriteAllTextAsync(mounted, "");
        string message;
        try
        {
            message = await AssertErrorAsync("CheckpointKept", CtrErrorKind.Unknown, () => saving);
        }
        finally
        {
            await RunAsync("umount", "--lazy", partial!);
        }

        await AssertKeptAsync(id, message);
    }

    [SkippableFact]
    public async Task Where_the_image_that_goes_along_is_gone_the_task_runs_on()
    {
        var id = await CountingAsync();
        await Daemon.RunCtrAsync("images", "tag", Image, "kept:1");
        await Daemon.RunCtrAsync("images", "rm", Image);
        try
        {
            await AssertErrorAsync(
                "ImageNotFound", CtrErrorKind.NotFound, () => Checkpoints.SaveImageAsync(id, "saved:1", s_exit with { IncludeImage = true }));
            await CountBeyondAsync(id, await CountAsync(id) + 20);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }
        finally
        {
            await Daemon.RunCtrAsync("images", "tag", "kept:1", Image);
            await Daemon.RunCtrAsync("images", "rm", "kept:1");
        }
    }

    [SkippableFact]
    public async Task A_cancelled_save_leaves_either_the_task_or_the_checkpoint()
    {
        for (var delay = 1; delay < 1000; delay *= 3)
        {
            var id = await CountingAsync();
            var path = NewPath();
            using var cancel = new CancellationTokenSource(delay);
            try
            {
                await Checkpoints.SaveAsync(id, path, s_exit, cancel.Token).WaitAsync(Hang);
            }
            catch (OperationCanceledException)
            {
                await Daemon.SettledAsync();
                await CountBeyondAsync(id, await CountAsync(id) + 20);
                continue;
            }

            await Tasks.DeleteAsync(id).WaitAsync(Hang);
            await Checkpoints.StartAsync(id, path, DetachedOutput.None).WaitAsync(Hang);
            await AssertGoesOnAsync(id);
            await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        }

        Assert.Equal("", await Daemon.RunCtrAsync("leases", "list", "--quiet"));
    }

    /// <summary>Fails unless the task can go on from what an error names; gives its lease back then.</summary>
    private async Task AssertKeptAsync(string id, string message)
    {
        var digest = Regex.Match(message, "sha256:[0-9a-f]{64}").Value;
        var lease = Regex.Match(message, "lease '([0-9a-f]+)'").Groups[1].Value;
        Assert.Contains(digest, await BlobsAsync());
        var leases = await Daemon.RunCtrAsync("leases", "list");
        Assert.Contains(lease, leases, StringComparison.Ordinal);
        Assert.DoesNotContain(ClientProcess.Label, leases, StringComparison.Ordinal);

        await Tasks.DeleteAsync(id).WaitAsync(Hang);
        var memory = new CtrDescriptor { MediaType = CheckpointMediaTypes.Memory, Digest = digest, Size = 0 };
        await Checkpoints.StartAsync(id, memory, DetachedOutput.None).WaitAsync(Hang);
        await AssertGoesOnAsync(id);
        await Tasks.ForceDeleteAsync(id).WaitAsync(Hang);
        await Daemon.RunCtrAsync("leases", "delete", "--sync", lease);
        Assert.DoesNotContain(digest, await BlobsAsync());
    }
}
