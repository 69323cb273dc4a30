using System.Management.Automation;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Get-CtrCheckpoint: the checkpoints that are images, or those that are asked for.</summary>
[Cmdlet(VerbsCommon.Get, "CtrCheckpoint")]
[OutputType(typeof(CtrCheckpoint))]
public sealed class GetCtrCheckpointCommand : CheckpointCmdlet
{
    /// <summary>The checkpoints' names; null for all.</summary>
    [Parameter(
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "The checkpoint's name, or several; wildcards are allowed. All when left out.")]
    [ArgumentCompleter(typeof(CheckpointNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) =>
        ForEachAsync(Name ?? ["*"], (_, checkpoint) => WriteAsync(checkpoint, cancellationToken).AsTask(), cancellationToken);
}
