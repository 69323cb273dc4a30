using System.Collections;
using System.Runtime.CompilerServices;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the id of an exec that lives, in the container that <c>-Id</c> names.</summary>
internal sealed class ExecIdCompleter : DaemonValueCompleter
{
    private string[] _containers = [];

    protected override IEnumerable<Candidate> Find(IDictionary boundParameters)
    {
        _containers = Bound<string[]>(boundParameters, "Id") ?? [];
        return base.Find(boundParameters);
    }

    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string id in _containers)
        {
            foreach (CtrProcess process in await client.Tasks.ListProcessesAsync(id, cancellationToken).ConfigureAwait(false))
            {
                if (process.ExecId is not null)
                {
                    yield return new Candidate(process.ExecId, $"{process.ExecId} in {id}, process {process.Pid}");
                }
            }
        }
    }
}
