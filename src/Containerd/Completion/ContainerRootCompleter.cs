using System.Runtime.CompilerServices;
using Containerd.Client;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the root directory of a container that has a task, as Copy-CtrItem takes it.</summary>
internal sealed class ContainerRootCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (CtrTask task in await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new Candidate(new ContainerPath(task.Id, "/").ToString(), $"{task.Id} {task.Status}");
        }
    }
}
