using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Remove-CtrTask: removes tasks and execs that have ended, or with -Force any.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrExitStatus))]
public sealed class RemoveCtrTaskCommand : ContainerTargetCmdlet, IProcessCmdlet
{
    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec to remove, instead of the task.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>Kills it first.</summary>
    [Parameter(HelpMessage = "Kills a task or exec that still runs. One that is gone is no error then: exit code 255.")]
    public SwitchParameter Force { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Name, target.ExecId is null ? "Remove task" : "Remove exec", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        CtrExitStatus status = Force
            ? await target.Client.Tasks.ForceDeleteAsync(target.Id, target.ExecId, cancellationToken).ConfigureAwait(false)
            : await target.Client.Tasks.DeleteAsync(target.Id, target.ExecId, cancellationToken).ConfigureAwait(false);
        await WriteAsync(status, cancellationToken).ConfigureAwait(false);
    }
}
