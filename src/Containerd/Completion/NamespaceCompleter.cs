using System.Runtime.CompilerServices;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of a namespace.</summary>
internal sealed class NamespaceCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (CtrNamespace found in await client.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new Candidate(found.Name);
        }
    }
}
