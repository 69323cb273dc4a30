using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Get-CtrCheckpoint: the checkpoints that are images, or those that are asked for.</summary>
[Cmdlet(VerbsCommon.Get, "CtrCheckpoint", DefaultParameterSetName = NameSet)]
[OutputType(typeof(CtrCheckpoint))]
public sealed class GetCtrCheckpointCommand : CheckpointCmdlet
{
    private const string NameSet = "Name";
    private const string PathSet = "Path";
    private const string InputObjectSet = "InputObject";

    /// <summary>The checkpoints' names; null for all.</summary>
    [Parameter(
        ParameterSetName = NameSet,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "The checkpoint's name, or several; wildcards are allowed. All when left out.")]
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
        HelpMessage = "A checkpoint as Get-CtrCheckpoint or Save-CtrCheckpoint returned it, or several: as it is now.")]
    [CheckpointTransformation]
    [ValidateNotNullOrEmpty]
    public CtrCheckpoint[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        switch (ParameterSetName)
        {
            case PathSet:
                await ForEachDirectoryAsync(Path!, WriteCheckpointAsync, cancellationToken).ConfigureAwait(false);
                break;
            case InputObjectSet:
                foreach (CtrCheckpoint known in InputObject!)
                {
                    await TryAsync(() => WriteAgainAsync(known, cancellationToken), cancellationToken).ConfigureAwait(false);
                }

                break;
            default:
                await ForEachAsync(Name ?? ["*"], WriteCheckpointAsync, cancellationToken).ConfigureAwait(false);
                break;
        }

        Task WriteCheckpointAsync(ContainerdClient client, CtrCheckpoint checkpoint) => WriteAsync(checkpoint, cancellationToken).AsTask();
    }

    private async Task WriteAgainAsync(CtrCheckpoint known, CancellationToken cancellationToken)
    {
        CheckpointClient checkpoints = ClientFor(known.Address, known.Namespace).Checkpoints;
        CtrCheckpoint now = known.Kind switch
        {
            CtrCheckpointKind.Image => await checkpoints.GetAsync(known.Location, cancellationToken).ConfigureAwait(false),
            CtrCheckpointKind.Directory => checkpoints.GetDirectory(known.Location) with { ContainerId = known.ContainerId },

            // It is on the daemon's host, which tells nothing of it.
            _ => known,
        };
        await WriteAsync(now, cancellationToken).ConfigureAwait(false);
    }
}
