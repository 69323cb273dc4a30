using System.Runtime.CompilerServices;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the id of a plugin.</summary>
internal sealed class PluginIdCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (CtrPlugin plugin in await client.Introspection.ListPluginsAsync(null, cancellationToken).ConfigureAwait(false))
        {
            yield return new Candidate(plugin.Id, plugin.ToString());
        }
    }
}
