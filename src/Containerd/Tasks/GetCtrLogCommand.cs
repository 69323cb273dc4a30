using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Get-CtrLog: what detached tasks and execs wrote, line by line.</summary>
[Cmdlet(VerbsCommon.Get, "CtrLog", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(CtrOutputLine))]
public sealed class GetCtrLogCommand : ContainerTargetCmdlet, IProcessCmdlet
{
    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec whose log is wanted, instead of the task's.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>The last lines only.</summary>
    [Parameter(HelpMessage = "The last so many lines only.")]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Waits for more.</summary>
    [Parameter(HelpMessage = "Waits for more, until the task ends.")]
    public SwitchParameter Follow { get; set; }

    /// <summary>Only what was written since.</summary>
    [Parameter(HelpMessage = "Leaves out a log that was last written before. A log keeps no times of its lines: one written since is read whole.")]
    public DateTimeOffset? Since { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        await WriteAllAsync(
            target.Client.Tasks.ReadLogAsync(target.Id, Tail, Follow, Since, target.ExecId, cancellationToken), cancellationToken).ConfigureAwait(false);
    }
}
