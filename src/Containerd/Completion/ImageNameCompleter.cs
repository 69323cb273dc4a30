using System.Runtime.CompilerServices;
using Containerd.Client;
using Containerd.PowerShell.Images;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of an image, in full or as people shorten it.</summary>
internal sealed class ImageNameCompleter : DaemonValueCompleter
{
    protected override async IAsyncEnumerable<Candidate> FindAsync(
        ContainerdClient client, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (CtrImage image in client.Images.ListAsync(null, cancellationToken).ConfigureAwait(false))
        {
            foreach (string name in ImageNamePattern.FormsOf(image.Name))
            {
                yield return new Candidate(name, image.Name);
            }
        }
    }
}
