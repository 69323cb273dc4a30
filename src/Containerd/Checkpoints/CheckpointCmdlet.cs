using Containerd.Client;
using Containerd.PowerShell.Images;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>A cmdlet that finds checkpoints that are images by name, on each daemon that it is given.</summary>
public abstract class CheckpointCmdlet : TimedDaemonCmdlet
{
    /// <summary>
    /// Does something for each checkpoint of these names, once. A name without wildcards must be there; a failure is an error of its own.
    /// </summary>
    private protected async Task ForEachAsync(
        string[] names, Func<ContainerdClient, CtrCheckpoint, Task> action, CancellationToken cancellationToken)
    {
        ImageNamePattern[] patterns = Array.ConvertAll(names, name => new ImageNamePattern(name));
        foreach (ContainerdClient client in Clients)
        {
            var done = new HashSet<string>();
            foreach (ImageNamePattern pattern in patterns)
            {
                await TryAsync(
                    () => ForEachAsync(
                        client,
                        pattern,
                        (owner, checkpoint) => done.Add(checkpoint.Location) ? action(owner, checkpoint) : Task.CompletedTask,
                        cancellationToken),
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Does something for each checkpoint in these directories of this machine, which are the same for each daemon.</summary>
    private protected async Task ForEachDirectoryAsync(
        string[] paths, Func<ContainerdClient, CtrCheckpoint, Task> action, CancellationToken cancellationToken)
    {
        ContainerdClient client = Clients[0];
        foreach (string path in paths)
        {
            string directory = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);
            await TryAsync(() => action(client, client.Checkpoints.GetDirectory(directory)), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ForEachAsync(
        ContainerdClient client, ImageNamePattern pattern, Func<ContainerdClient, CtrCheckpoint, Task> action, CancellationToken cancellationToken)
    {
        if (pattern.IsLiteral)
        {
            await action(client, await client.Checkpoints.GetAsync(pattern.Text, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            return;
        }

        await foreach (CtrCheckpoint checkpoint in client.Checkpoints.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (pattern.Matches(checkpoint.Location))
            {
                await TryAsync(() => action(client, checkpoint), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
