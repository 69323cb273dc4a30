using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Invoke-CtrExec: runs a command in running containers, and gives what it wrote and how it ended.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "CtrExec", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrExecResult), typeof(CtrOutputLine))]
public sealed class InvokeCtrExecCommand : ExecCmdlet
{
    /// <summary>What the command reads.</summary>
    [Parameter(HelpMessage = "What the command reads: text, lines, bytes, a file (Get-Item) or a stream.")]
    [ValidateNotNull]
    public object? StandardInput { get; set; }

    /// <summary>Writes lines as they arrive.</summary>
    [Parameter(HelpMessage = "Writes output lines as they arrive, instead of one result at the end.")]
    public SwitchParameter Stream { get; set; }

    /// <summary>The variable that gets the exit code.</summary>
    [Parameter(HelpMessage = "The name of a variable that gets the exit code; $null where the command did not run to its end.")]
    [ValidateNotNullOrEmpty]
    public string? ExitCodeVariable { get; set; }

    /// <summary>How long the command may run, in seconds; 0 for as long as it takes.</summary>
    [Parameter(HelpMessage = "How long the command may run before it is killed, in seconds; 0, the default, for as long as it takes.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public override int TimeoutSec { get; set; }

    private protected override TimeSpan? CallTimeout => ContainerdClientOptions.DefaultTimeout;

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Id, $"Run {string.Join(' ', Command)}", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        // A command that does not run leaves no exit code, that of an earlier one least of all.
        await SetVariableAsync(ExitCodeVariable, null, cancellationToken).ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (TimeoutSec > 0)
        {
            limit.CancelAfter(TimeSpan.FromSeconds(TimeoutSec));
        }

        try
        {
            using Stream? input = StandardInput is null ? null : InputStream.Open(StandardInput);
            await (Stream ? StreamAsync(target, input, limit.Token) : RunAsync(target, input, limit.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded,
                "ExecTimeout",
                $"'{Command[0]}' in container '{target.Id}' had not ended after {TimeoutSec} s, and was killed if it had begun.",
                target.Id,
                "Give it more time with -TimeoutSec. Get-CtrTask tells whether the task's shim answers at all.",
                e);
        }
    }

    private async Task RunAsync(ContainerTarget target, Stream? input, CancellationToken cancellationToken)
    {
        CtrExecResult result = await target.Client.Tasks.ExecAsync(target.Id, Options(), input, cancellationToken).ConfigureAwait(false);
        await WriteAsync(result, cancellationToken).ConfigureAwait(false);
        await WarnOfTruncationAsync(result.OutputTruncated, target, cancellationToken).ConfigureAwait(false);
        await SetVariableAsync(ExitCodeVariable, result.ExitCode, cancellationToken).ConfigureAwait(false);
    }

    private async Task StreamAsync(ContainerTarget target, Stream? input, CancellationToken cancellationToken)
    {
        RunningProcess process = await target.Client.Tasks.StartExecAsync(
            target.Id, Options() with { StandardInput = input is not null }, cancellationToken).ConfigureAwait(false);
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
