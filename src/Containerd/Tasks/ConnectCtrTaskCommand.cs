using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Connect-CtrTask: attaches to a task or exec that was started before, and writes its output line by line.</summary>
[Cmdlet(VerbsCommunications.Connect, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrOutputLine))]
public sealed class ConnectCtrTaskCommand : ContainerTargetCmdlet, IProcessCmdlet
{
    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec to attach to, instead of the task's first process.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>What the process reads.</summary>
    [Parameter(HelpMessage = "What the process reads before its end: text, lines, bytes, a file (Get-Item) or a stream.")]
    [ValidateNotNull]
    public object? StandardInput { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (StandardInput is not null && !await ShouldProcessAsync(target.Client, target.Name, "Write to standard input", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        using Stream? input = StandardInput is null ? null : InputStream.Open(StandardInput);
        RunningProcess process = await target.Client.Tasks.AttachAsync(target.Id, target.ExecId, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            if (input is not null && !process.HasStandardInput)
            {
                throw new CtrException(
                    CtrErrorKind.FailedPrecondition,
                    "StandardInputNotOpen",
                    $"'{target.Name}' has no standard input.",
                    target.Name,
                    "Start it with -OpenStandardInput.");
            }

            if (input is null && !process.HasOutput)
            {
                throw new CtrException(
                    CtrErrorKind.NotFound,
                    "StreamsNotFound",
                    $"'{target.Name}' has no output that can be read here.",
                    target.Name,
                    "Start it without -NoIO or a binary -LogUri.");
            }

            await ExchangeAsync(process, input, cancellationToken).ConfigureAwait(false);
            await WarnOfTruncationAsync(process.OutputTruncated, target, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Until the output has ended, or the input fails: the process goes on then, and may never say any more.</summary>
    private async Task ExchangeAsync(RunningProcess process, Stream? input, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task copying = input is null ? Task.CompletedTask : CopyAsync(process, input, end);
        try
        {
            await WriteAllAsync(process.ReadLinesAsync(end.Token), end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The input has failed: that is told below.
        }

        await copying.ConfigureAwait(false);
    }

    private static async Task CopyAsync(RunningProcess process, Stream input, CancellationTokenSource end)
    {
        try
        {
            await process.CopyInputAsync(input, end.Token).ConfigureAwait(false);
        }
        catch
        {
            await end.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
