using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Restore-CtrCheckpoint: lets a task go on from a checkpoint, in a new container where the checkpoint is an image.</summary>
[Cmdlet(VerbsData.Restore, "CtrCheckpoint", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class RestoreCtrCheckpointCommand : TimedDaemonCmdlet
{
    private const string ImageSet = "Image";
    private const string PathSet = "Path";
    private const string ImagePathSet = "ImagePath";
    private const string InputObjectSet = "InputObject";

    /// <summary>The name of a checkpoint that is an image.</summary>
    [Parameter(ParameterSetName = ImageSet, Position = 0, Mandatory = true, HelpMessage = "The name of a checkpoint that is an image.")]
    [ArgumentCompleter(typeof(CheckpointNameCompleter))]
    [TextOnly]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>A directory of this machine.</summary>
    [Parameter(ParameterSetName = PathSet, Mandatory = true, HelpMessage = "A directory that Save-CtrCheckpoint made, on this machine.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>A directory of the daemon's host.</summary>
    [Parameter(ParameterSetName = ImagePathSet, Mandatory = true, HelpMessage = "A directory with CRIU's files on the daemon's host: an absolute path.")]
    [ValidateNotNullOrEmpty]
    public string? ImagePath { get; set; }

    /// <summary>A checkpoint as another cmdlet returned it.</summary>
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

    /// <summary>The container's id.</summary>
    [Parameter(
        Position = 1,
        HelpMessage = "The container's id: a new one for an image, one that is there for a directory. By default that of the container that was saved.")]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>No output at all.</summary>
    [Parameter(HelpMessage = "Throws the output away. By default it goes to a log that Get-CtrLog finds.")]
    public SwitchParameter NoIO { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (InputObject is not null)
        {
            foreach (CtrCheckpoint saved in InputObject)
            {
                await TryAsync(
                    () => RestoreAsync(
                        ClientFor(saved.Address, saved.Namespace), saved.Kind, saved.Location, Id ?? saved.ContainerId, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        (CtrCheckpointKind kind, string location) = (Image, Path) switch
        {
            ({ } name, _) => (CtrCheckpointKind.Image, name),
            (_, { } path) => (CtrCheckpointKind.Directory, SessionState.Path.GetUnresolvedProviderPathFromPSPath(path)),
            _ => (CtrCheckpointKind.ImagePath, ImagePath!),
        };
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(() => RestoreAsync(client, kind, location, Id, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RestoreAsync(
        ContainerdClient client, CtrCheckpointKind kind, string location, string? id, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(client, id ?? location, $"Restore from checkpoint '{location}'", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        DetachedOutput output = NoIO ? DetachedOutput.None : DetachedOutput.DefaultLog;
        CtrTask task = kind == CtrCheckpointKind.Image
            ? await client.Checkpoints.RestoreAsync(location, id, output, cancellationToken).ConfigureAwait(false)
            : await StartAsync(client.Checkpoints, kind, location, id, output, cancellationToken).ConfigureAwait(false);
        await WriteAsync(task, cancellationToken).ConfigureAwait(false);
    }

    private static Task<CtrTask> StartAsync(
        CheckpointClient checkpoints, CtrCheckpointKind kind, string location, string? id, DetachedOutput output, CancellationToken cancellationToken)
    {
        if (id is null)
        {
            throw new CtrException(
                CtrErrorKind.InvalidArgument, "ContainerIdMissing", $"The checkpoint '{location}' does not tell its container's id.", location, "Name the container with -Id.");
        }

        return kind == CtrCheckpointKind.Directory
            ? checkpoints.StartAsync(id, location, output, cancellationToken)
            : checkpoints.StartFromImagePathAsync(id, location, output, cancellationToken);
    }
}
