using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Set-CtrTerminalSize: tells a process's terminal how large it is.</summary>
[Cmdlet(VerbsCommon.Set, "CtrTerminalSize", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SetCtrTerminalSizeCommand : ContainerTargetCmdlet, IProcessCmdlet
{
    /// <summary>The width.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The width in characters.")]
    [ValidateRange(1, ushort.MaxValue)]
    public int Columns { get; set; }

    /// <summary>The height.</summary>
    [Parameter(Mandatory = true, Position = 2, HelpMessage = "The height in lines.")]
    [ValidateRange(1, ushort.MaxValue)]
    public int Rows { get; set; }

    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec whose terminal it is, instead of the task's.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(target.Client, target.Name, $"Set terminal size {Columns} × {Rows}", cancellationToken).ConfigureAwait(false))
        {
            await target.Client.Tasks.ResizeTerminalAsync(target.Id, Columns, Rows, target.ExecId, cancellationToken).ConfigureAwait(false);
        }
    }
}
