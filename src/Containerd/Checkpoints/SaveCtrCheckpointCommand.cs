using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Containers;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Checkpoints;

/// <summary>Save-CtrCheckpoint: saves tasks, so that they can go on from there.</summary>
[Cmdlet(VerbsData.Save, "CtrCheckpoint", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrCheckpoint))]
public sealed class SaveCtrCheckpointCommand : ContainerTargetCmdlet
{
    /// <summary>The directory on this machine.</summary>
    [Parameter(HelpMessage = "The directory that is made, on this machine. It must not be there, or be empty.")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The directory on the daemon's host.</summary>
    [Parameter(HelpMessage = "A directory on the daemon's host, in which CRIU writes its files itself: an absolute path.")]
    [ValidateNotNullOrEmpty]
    public string? ImagePath { get; set; }

    /// <summary>The name of the new image.</summary>
    [Parameter(HelpMessage = "The name of the image that is made in the daemon, such as web-checkpoint:1.")]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>Keeps what the container has written.</summary>
    [Parameter(HelpMessage = "Keeps the files that the container has written, with -Image.")]
    public SwitchParameter IncludeRwLayer { get; set; }

    /// <summary>Keeps the container's image.</summary>
    [Parameter(HelpMessage = "Keeps the container's own image with the checkpoint, with -Image.")]
    public SwitchParameter IncludeImage { get; set; }

    /// <summary>Ends the task with the checkpoint.</summary>
    [Parameter(HelpMessage = "Ends the task with the checkpoint. Without it the task runs on.")]
    public SwitchParameter Exit { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        string[] targets = new[] { Path, Image, ImagePath }.OfType<string>().ToArray();
        if (targets.Length != 1 || (Image is null && (IncludeRwLayer || IncludeImage)))
        {
            string message = targets.Length != 1
                ? "Say where the checkpoint goes with one of -Path, -Image and -ImagePath."
                : "-IncludeRwLayer and -IncludeImage are for a checkpoint that is an image: give -Image.";
            ThrowTerminatingError(ErrorRecords.InvalidArgument("CheckpointTargetInvalid", message));
        }

        if (Path is not null)
        {
            Path = SessionState.Path.GetUnresolvedProviderPathFromPSPath(Path);
        }

        base.BeginProcessing();
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Id, $"Save checkpoint to '{Path ?? Image ?? ImagePath}'", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        CheckpointClient checkpoints = target.Client.Checkpoints;
        var options = new CheckpointOptions { Exit = Exit, IncludeRwLayer = IncludeRwLayer, IncludeImage = IncludeImage };
        CtrCheckpoint checkpoint;
        try
        {
            checkpoint =
                Path is not null ? await checkpoints.SaveAsync(target.Id, Path, options, cancellationToken).ConfigureAwait(false)
                : Image is not null ? await checkpoints.SaveImageAsync(target.Id, Image, options, cancellationToken).ConfigureAwait(false)
                : await checkpoints.SaveToImagePathAsync(target.Id, ImagePath!, options, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.ErrorId == "CheckpointKept" && cancellationToken.IsCancellationRequested)
        {
            // A pipeline that was stopped takes no more errors, and nothing else tells where the task is now.
            Host.UI?.WriteErrorLine($"{e.Message} {e.RecommendedAction}");
            throw;
        }

        await WriteAsync(checkpoint, cancellationToken).ConfigureAwait(false);
    }
}
