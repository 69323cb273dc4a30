using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Remove-CtrCheckpoint: removes checkpoints, images as well as directories of this machine.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrCheckpoint", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveCtrCheckpointCommand : CheckpointCmdlet
{
    private const string NameSet = "Name";

    private const string PathSet = "Path";

    // The default set: else a checkpoint from the pipeline would be bound as a name, and lose its daemon and namespace.
    private const string InputObjectSet = "InputObject";

    /// <summary>The names of checkpoints that are images.</summary>
    [Parameter(
        ParameterSetName = NameSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "The name of a checkpoint that is an image, or several; wildcards are allowed.")]
    [ArgumentCompleter(typeof(CheckpointNameCompleter))]
    [SupportsWildcards]
    [TextOnly]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Directories of this machine.</summary>
    [Parameter(ParameterSetName = PathSet, Mandatory = true, HelpMessage = "A directory that Save-CtrCheckpoint made, on this machine, or several.")]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <summary>Checkpoints as other cmdlets return them.</summary>
    [Parameter(
        ParameterSetName = InputObjectSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "A checkpoint as Get-CtrCheckpoint or Save-CtrCheckpoint returned it, or several.")]
    [ArgumentCompleter(typeof(CheckpointNameCompleter))]
    [CheckpointTransformation]
    [ValidateNotNullOrEmpty]
    public CtrCheckpoint[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        switch (ParameterSetName)
        {
            case NameSet:
                await ForEachAsync(Name!, RemoveAsync, cancellationToken).ConfigureAwait(false);
                break;
            case PathSet:
                await ForEachDirectoryAsync(Path!, RemoveAsync, cancellationToken).ConfigureAwait(false);
                break;
            default:
                foreach (CtrCheckpoint checkpoint in InputObject!)
                {
                    await TryAsync(() => RemoveAsync(ClientFor(checkpoint.Address, checkpoint.Namespace), checkpoint), cancellationToken).ConfigureAwait(false);
                }

                break;
        }

        async Task RemoveAsync(ContainerdClient client, CtrCheckpoint checkpoint)
        {
            if (await ShouldProcessAsync(client, checkpoint.Location, "Remove checkpoint", cancellationToken).ConfigureAwait(false))
            {
                await client.Checkpoints.RemoveAsync(checkpoint, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
