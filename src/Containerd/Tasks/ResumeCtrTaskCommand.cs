using System.Management.Automation;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Resume-CtrTask: lets frozen tasks go on.</summary>
[Cmdlet(VerbsLifecycle.Resume, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class ResumeCtrTaskCommand : ContainerTargetCmdlet
{
    /// <summary>Writes each task.</summary>
    [Parameter(HelpMessage = "Writes each task in its new state.")]
    public SwitchParameter PassThru { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Id, "Resume task", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        await target.Client.Tasks.ResumeAsync(target.Id, cancellationToken).ConfigureAwait(false);
        if (PassThru)
        {
            await WriteAsync(await target.Client.Tasks.GetAsync(target.Id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }
}
