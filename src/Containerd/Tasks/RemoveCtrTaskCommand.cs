using System.Management.Automation;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Remove-CtrTask: removes tasks and execs that have ended, or with -Force any.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrExitStatus))]
public sealed class RemoveCtrTaskCommand : ContainerTargetCmdlet
{
    /// <summary>Kills it first.</summary>
    [Parameter(HelpMessage = "Kills a task that still runs.")]
    public SwitchParameter Force { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        string name = target.ExecId is null ? target.Id : $"{target.Id}/{target.ExecId}";
        if (!await ShouldProcessAsync(name, "Remove task", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        CtrExitStatus? status = Force
            ? await target.Client.Tasks.ForceDeleteAsync(target.Id, target.ExecId, cancellationToken).ConfigureAwait(false)
            : await target.Client.Tasks.DeleteAsync(target.Id, target.ExecId, cancellationToken).ConfigureAwait(false);
        if (status is not null)
        {
            await WriteAsync(status, cancellationToken).ConfigureAwait(false);
        }
    }
}
