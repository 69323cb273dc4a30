using Containerd.Client;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Images;

/// <summary>A cmdlet that finds images by name, on each daemon that it is given.</summary>
public abstract class ImageCmdlet : TimedDaemonCmdlet
{
    /// <summary>
    /// Does something for each image of these names, once. A name without wildcards must be there; a failure is an error of its own.
    /// </summary>
    private protected async Task ForEachAsync(
        string[] names, Func<ContainerdClient, CtrImage, Task> action, CancellationToken cancellationToken)
    {
        ImageNamePattern[] patterns = Array.ConvertAll(names, name => new ImageNamePattern(name));
        ImageNamePattern[] wildcards = Array.FindAll(patterns, pattern => !pattern.IsLiteral);
        foreach (ContainerdClient client in Clients)
        {
            var done = new HashSet<string>();
            async Task OnceAsync(ContainerdClient owner, CtrImage image)
            {
                if (done.Add(image.Name))
                {
                    await action(owner, image).ConfigureAwait(false);
                }
            }

            foreach (ImageNamePattern pattern in patterns.Where(pattern => pattern.IsLiteral))
            {
                await TryAsync(
                    async () => await OnceAsync(
                        client, await client.Images.GetAsync(pattern.Text, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false),
                    cancellationToken).ConfigureAwait(false);
            }

            if (wildcards.Length > 0)
            {
                await ForEachListedAsync(client, wildcards, null, OnceAsync, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Does something for each image of a daemon that fits one of the patterns and one of the filters.</summary>
    private protected Task ForEachListedAsync(
        ContainerdClient client,
        ImageNamePattern[] patterns,
        IEnumerable<string>? filters,
        Func<ContainerdClient, CtrImage, Task> action,
        CancellationToken cancellationToken) =>
        TryAsync(
            async () =>
            {
                await foreach (CtrImage image in client.Images.ListAsync(filters, cancellationToken).ConfigureAwait(false))
                {
                    if (Array.Exists(patterns, pattern => pattern.Matches(image.Name)))
                    {
                        await TryAsync(() => action(client, image), cancellationToken).ConfigureAwait(false);
                    }
                }
            },
            cancellationToken);
}
