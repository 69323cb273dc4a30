using System.Runtime.CompilerServices;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the id of a container.</summary>
internal sealed class ContainerIdCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (CtrContainer container in client.Containers.ListAsync(null, cancellationToken).ConfigureAwait(false))
        {
            yield return new Candidate(container.Id, $"{container.Id} {container.Image}".TrimEnd());
        }
    }
}
