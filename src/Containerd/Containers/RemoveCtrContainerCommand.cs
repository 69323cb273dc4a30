using System.Management.Automation;

namespace Containerd.PowerShell.Containers;

/// <summary>Removes containers with their snapshots and directories.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrContainer", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(void))]
public sealed class RemoveCtrContainerCommand : ConcurrentTargetCmdlet
{
    /// <summary>Whether the task is ended first.</summary>
    [Parameter(HelpMessage = "Kills and removes the container's task first, where it has one.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Whether the snapshot stays.</summary>
    [Parameter(HelpMessage = "Keeps the snapshot, labelled so that the garbage collector keeps it too.")]
    public SwitchParameter KeepSnapshot { get; set; }

    private protected override Task<bool> AcceptTargetAsync(ContainerTarget target, CancellationToken cancellationToken) =>
        ShouldProcessAsync(target.Client, target.Id, "Remove container", cancellationToken);

    private protected override Task FinishTargetAsync(ContainerTarget target, CancellationToken cancellationToken) =>
        target.Client.Containers.DeleteAsync(target.Id, Force, KeepSnapshot, cancellationToken);
}
