using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Containers;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Tasks;

/// <summary>Start-CtrExec: starts a command in running containers and leaves it running.</summary>
[Cmdlet(VerbsLifecycle.Start, "CtrExec", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrProcess))]
public sealed class StartCtrExecCommand : ExecCmdlet
{
    private DetachedOutput _output = DetachedOutput.DefaultLog;

    /// <summary>What the command reads.</summary>
    [Parameter(HelpMessage = "What the command reads: text, lines, bytes, a file (Get-Item) or a stream. It is written whole before the cmdlet goes on.")]
    [ValidateNotNull]
    public object? StandardInput { get; set; }

    /// <summary>Gives the command an input that stays open.</summary>
    [Parameter(HelpMessage = "Gives the command an input that stays open: Connect-CtrTask -StandardInput writes to it, Close-CtrStandardInput closes it.")]
    public SwitchParameter OpenStandardInput { get; set; }

    /// <summary>The file that keeps the output.</summary>
    [Parameter(HelpMessage = "The log file that keeps the output, on the daemon's host. By default one that Get-CtrLog finds.")]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>The shim's logging URI.</summary>
    [Parameter(HelpMessage = "A logging URI of containerd's shim: file:///path or binary:///path?key=value.")]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>No output at all.</summary>
    [Parameter(HelpMessage = "Throws the output away.")]
    public SwitchParameter NoIO { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _output = OutputChoice.Find(SessionState, LogPath, LogUri, NoIO) with { StandardInput = OpenStandardInput || StandardInput is not null };
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(ErrorRecords.From(e));
        }

        base.BeginProcessing();
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Id, $"Start {string.Join(' ', Command)}", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        using Stream? input = StandardInput is null ? null : InputStream.Open(StandardInput);
        TaskClient tasks = target.Client.Tasks;
        CtrProcess process = await tasks.StartDetachedExecAsync(target.Id, Options(), _output, cancellationToken).ConfigureAwait(false);
        await WriteAsync(process, cancellationToken).ConfigureAwait(false);
        if (input is not null)
        {
            RunningProcess attached = await tasks.AttachAsync(process.ContainerId, process.ExecId, cancellationToken).ConfigureAwait(false);
            await using (attached.ConfigureAwait(false))
            {
                await CopyAsync(attached, input, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task CopyAsync(RunningProcess process, Stream input, CancellationToken cancellationToken)
    {
        try
        {
            await process.CopyInputAsync(input, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It is this command that started it.
            await process.KillAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }
}
