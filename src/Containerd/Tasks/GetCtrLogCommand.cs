using System.Management.Automation;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Get-CtrLog: what detached tasks wrote, line by line.</summary>
[Cmdlet(VerbsCommon.Get, "CtrLog", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(CtrOutputLine))]
public sealed class GetCtrLogCommand : ContainerTargetCmdlet
{
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
            target.Client.Tasks.ReadLogAsync(target.Id, Tail, Follow, Since, cancellationToken), cancellationToken).ConfigureAwait(false);
    }
}
