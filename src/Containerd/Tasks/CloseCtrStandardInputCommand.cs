using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Close-CtrStandardInput: closes the input of a task or exec, so that it reads the end.</summary>
[Cmdlet(VerbsCommon.Close, "CtrStandardInput", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class CloseCtrStandardInputCommand : ContainerTargetCmdlet, IProcessCmdlet
{
    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec whose input is closed, instead of the task's.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(target.Client, target.Name, "Close standard input", cancellationToken).ConfigureAwait(false))
        {
            await target.Client.Tasks.CloseStandardInputAsync(target.Id, target.ExecId, cancellationToken).ConfigureAwait(false);
        }
    }
}
