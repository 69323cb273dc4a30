using System.Runtime.CompilerServices;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of a snapshotter that the daemon has loaded.</summary>
internal sealed class SnapshotterCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (CtrPlugin plugin in await client.Introspection.ListPluginsAsync(
            ["type==io.containerd.snapshotter.v1"], cancellationToken).ConfigureAwait(false))
        {
            if (plugin.IsLoaded)
            {
                yield return new Candidate(plugin.Id);
            }
        }
    }
}
