using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Remove-CtrCheckpoint: removes checkpoints, images as well as directories of this machine.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrCheckpoint", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveCtrCheckpointCommand : CheckpointCmdlet
{
    private const string NameSet = "Name";

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
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Checkpoints as other cmdlets return them.</summary>
    [Parameter(
        ParameterSetName = InputObjectSet,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "A checkpoint as Get-CtrCheckpoint or Save-CtrCheckpoint returned it, or several.")]
    [ValidateNotNullOrEmpty]
    public CtrCheckpoint[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == NameSet)
        {
            await ForEachAsync(Name!, (client, checkpoint) => RemoveAsync(client, checkpoint, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (CtrCheckpoint checkpoint in InputObject!)
        {
            await TryAsync(
                () => RemoveAsync(ClientFor(checkpoint.Address, checkpoint.Namespace), checkpoint, cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(ContainerdClient client, CtrCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(checkpoint.Location, "Remove checkpoint", cancellationToken).ConfigureAwait(false))
        {
            await client.Checkpoints.RemoveAsync(checkpoint, cancellationToken).ConfigureAwait(false);
        }
    }
}
