using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Get-CtrCheckpoint: the checkpoints that are images, or those that are asked for.</summary>
[Cmdlet(VerbsCommon.Get, "CtrCheckpoint", DefaultParameterSetName = NameSet)]
[OutputType(typeof(CtrCheckpoint))]
public sealed class GetCtrCheckpointCommand : CheckpointCmdlet
{
    private const string NameSet = "Name";
    private const string PathSet = "Path";

    /// <summary>The checkpoints' names; null for all.</summary>
    [Parameter(
        ParameterSetName = NameSet,
        Position = 0,
        ValueFromPipeline = true,
        HelpMessage = "The checkpoint's name, or several; wildcards are allowed. All when left out.")]
    [ArgumentCompleter(typeof(CheckpointNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Directories of this machine.</summary>
    [Parameter(ParameterSetName = PathSet, Mandatory = true, HelpMessage = "A directory that Save-CtrCheckpoint made, on this machine, or several.")]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        return Path is null
            ? ForEachAsync(Name ?? ["*"], WriteCheckpointAsync, cancellationToken)
            : ForEachDirectoryAsync(Path, WriteCheckpointAsync, cancellationToken);

        Task WriteCheckpointAsync(ContainerdClient client, CtrCheckpoint checkpoint) => WriteAsync(checkpoint, cancellationToken).AsTask();
    }
}
