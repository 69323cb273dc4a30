using System.Management.Automation;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>New-CtrTask: makes a container's task without starting it.</summary>
[Cmdlet(VerbsCommon.New, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class NewCtrTaskCommand : TaskOutputCmdlet
{
    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(target.Client, target.Id, "Create task", cancellationToken).ConfigureAwait(false))
        {
            CtrTask task = await target.Client.Tasks.CreateAsync(target.Id, Output, cancellationToken).ConfigureAwait(false);
            await WriteAsync(task, cancellationToken).ConfigureAwait(false);
        }
    }
}
