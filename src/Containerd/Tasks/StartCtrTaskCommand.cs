using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Containers;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Tasks;

/// <summary>Start-CtrTask: starts a container's task, detached, or attached until it ends.</summary>
[Cmdlet(VerbsLifecycle.Start, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask), typeof(CtrOutputLine))]
public sealed class StartCtrTaskCommand : TaskOutputCmdlet
{
    /// <summary>Streams output until the task ends.</summary>
    [Parameter(HelpMessage = "Writes the task's output to the pipeline, line by line, until it ends. Stopping the pipeline kills the task.")]
    public SwitchParameter Attach { get; set; }

    /// <summary>What the task reads.</summary>
    [Parameter(HelpMessage = "What an attached task reads: text, lines, bytes, a file (Get-Item) or a stream.")]
    [ValidateNotNull]
    public object? StandardInput { get; set; }

    /// <summary>The variable that gets the exit code.</summary>
    [Parameter(HelpMessage = "The name of a variable that gets the exit code of an attached task; $null where it did not run to its end.")]
    [ValidateNotNullOrEmpty]
    public string? ExitCodeVariable { get; set; }

    /// <summary>The checkpoint that the task goes on from.</summary>
    [Parameter(HelpMessage = "A directory that Save-CtrCheckpoint made: the task goes on from there.")]
    [CheckpointDirectory]
    [ValidateNotNullOrEmpty]
    public string? Checkpoint { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Checkpoint is not null)
        {
            Checkpoint = SessionState.Path.GetUnresolvedProviderPathFromPSPath(Checkpoint);
        }

        if (!Attach && (StandardInput is not null || ExitCodeVariable is not null))
        {
            string name = StandardInput is not null ? nameof(StandardInput) : nameof(ExitCodeVariable);
            ThrowTerminatingError(ErrorRecords.InvalidArgument($"{name}NeedsAttach", $"-{name} is for an attached task: add -Attach."));
        }

        if (Attach && (LogPath is not null || LogUri is not null || NoIO))
        {
            ThrowTerminatingError(ErrorRecords.InvalidArgument(
                "OutputGivenTwice", "The output of an attached task goes to the pipeline: -LogPath, -LogUri and -NoIO are for a detached one."));
        }

        if (Attach && OpenStandardInput)
        {
            ThrowTerminatingError(ErrorRecords.InvalidArgument(
                "InputGivenTwice", "An attached task reads what -StandardInput gives: -OpenStandardInput is for a detached one."));
        }

        base.BeginProcessing();
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Id, "Start task", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (Attach)
        {
            await StreamAsync(target, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            CtrTask task = Checkpoint is null
                ? await target.Client.Tasks.StartAsync(target.Id, Output, cancellationToken).ConfigureAwait(false)
                : await target.Client.Checkpoints.StartAsync(target.Id, Checkpoint, Output, cancellationToken).ConfigureAwait(false);
            await WriteAsync(task, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StreamAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        await SetVariableAsync(ExitCodeVariable, null, cancellationToken).ConfigureAwait(false);
        using Stream? input = StandardInput is null ? null : InputStream.Open(StandardInput);
        RunningProcess process = Checkpoint is null
            ? await target.Client.Tasks.StartAttachedAsync(target.Id, input is not null, cancellationToken).ConfigureAwait(false)
            : await target.Client.Checkpoints.StartAttachedAsync(
                target.Id, Checkpoint, input is not null, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            Task copying = input is null ? Task.CompletedTask : process.CopyInputAsync(input, cancellationToken);
            await WriteAllAsync(process.ReadLinesAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            await copying.ConfigureAwait(false);
            CtrExitStatus status = await process.CompleteAsync(cancellationToken).ConfigureAwait(false);
            await WarnOfTruncationAsync(process.OutputTruncated, target, cancellationToken).ConfigureAwait(false);
            await SetVariableAsync(ExitCodeVariable, status.ExitCode, cancellationToken).ConfigureAwait(false);
        }
    }
}
