using System.Management.Automation;
using Containerd.Client.Oci;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Send-CtrSignal: sends a signal to a task, to an exec, or to all processes of a container.</summary>
[Cmdlet(VerbsCommunications.Send, "CtrSignal", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SendCtrSignalCommand : ContainerTargetCmdlet, IProcessCmdlet
{
    private int _signal;

    /// <summary>The signal.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The signal, by name or number: HUP, SIGHUP or 1.")]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [ValidateNotNullOrEmpty]
    public string Signal { get; set; } = "";

    /// <summary>The exec.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The exec to send it to, instead of the task's first process.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>Every process gets it.</summary>
    [Parameter(HelpMessage = "Sends it to every process of the container.")]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _signal = SignalArgument.Parse(Signal);
        return Task.CompletedTask;
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(target.Client, target.Name, $"Send {CtrSignal.NameOf(_signal)}", cancellationToken).ConfigureAwait(false))
        {
            await target.Client.Tasks.SendSignalAsync(target.Id, _signal, target.ExecId, All, cancellationToken).ConfigureAwait(false);
        }
    }
}
