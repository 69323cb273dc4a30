using System.Runtime.CompilerServices;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the id of a container that has a task.</summary>
internal sealed class TaskIdCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (CtrTask task in await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new Candidate(task.Id, $"{task.Id} {task.Status}, process {task.Pid}");
        }
    }
}
