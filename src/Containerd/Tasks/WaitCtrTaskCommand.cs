using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Wait-CtrTask: waits for the end of tasks or execs and writes how they ended, each as it ends.</summary>
[Cmdlet(VerbsLifecycle.Wait, "CtrTask", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(CtrExitStatus))]
public sealed class WaitCtrTaskCommand : ConcurrentTargetCmdlet, IProcessCmdlet
{
    /// <summary>Waits for all at once: a wait costs next to nothing.</summary>
    public WaitCtrTaskCommand() => ThrottleLimit = 1024;

    /// <summary>How long to wait, in seconds; 0 for as long as it takes.</summary>
    [Parameter(HelpMessage = "How long to wait for each, in seconds; 0, the default, for as long as it takes.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public override int TimeoutSec { get; set; }

    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec to wait for, instead of the task's first process.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    private protected override TimeSpan? CallTimeout => ContainerdClientOptions.DefaultTimeout;

    private protected override async Task FinishTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (TimeoutSec > 0)
        {
            limit.CancelAfter(TimeSpan.FromSeconds(TimeoutSec));
        }

        try
        {
            CtrExitStatus status = await target.Client.Tasks.WaitAsync(target.Id, target.ExecId, limit.Token).ConfigureAwait(false);
            await WriteAsync(status, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded, "WaitTimeout", $"{(target.ExecId is null ? $"The task of container '{target.Id}'" : $"Exec '{target.ExecId}' in container '{target.Id}'")} has not ended after {TimeoutSec} s.", target.Id, "Stop-CtrTask ends it.", e);
        }
    }
}
