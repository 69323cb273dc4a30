using System.Runtime.CompilerServices;
using Containerd.Client;
using Containerd.PowerShell.Images;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of a checkpoint that is an image, in full or as people shorten it.</summary>
internal sealed class CheckpointNameCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (CtrCheckpoint checkpoint in client.Checkpoints.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (string name in ImageNamePattern.FormsOf(checkpoint.Location))
            {
                yield return new Candidate(name, checkpoint.Location);
            }
        }
    }
}
