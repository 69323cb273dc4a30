using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Oci;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Stop-CtrTask: ends tasks and execs, politely first.</summary>
[Cmdlet(VerbsLifecycle.Stop, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrExitStatus))]
public sealed class StopCtrTaskCommand : ConcurrentTargetCmdlet, IProcessCmdlet
{
    private int? _signal;

    /// <summary>The exec.</summary>
    [Parameter(HelpMessage = "The exec to stop, instead of the task.")]
    [ArgumentCompleter(typeof(ExecIdCompleter))]
    public string? ExecId { get; set => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>How long to wait before SIGKILL, in seconds.</summary>
    [Parameter(HelpMessage = "How long the stop signal has to work before SIGKILL, in seconds. 10 by default.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public override int TimeoutSec { get; set; } = 10;

    /// <summary>The stop signal.</summary>
    [Parameter(HelpMessage = "The stop signal, by name or number. By default the image's, else SIGTERM, which an exec gets in any case.")]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Signal { get; set; }

    /// <summary>SIGKILL at once.</summary>
    [Parameter(HelpMessage = "Sends SIGKILL at once.")]
    public SwitchParameter Force { get; set; }

    /// <summary>The stop signal goes to every process.</summary>
    [Parameter(HelpMessage = "Sends the stop signal to every process of the container, not the one alone.")]
    public SwitchParameter All { get; set; }

    /// <summary>Writes how each task ended.</summary>
    [Parameter(HelpMessage = "Writes how each task ended.")]
    public SwitchParameter PassThru { get; set; }

    private protected override TimeSpan? CallTimeout => ContainerdClientOptions.DefaultTimeout;

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _signal = Signal is null ? null : SignalArgument.Parse(Signal);
        return Task.CompletedTask;
    }

    // A command that has run needs no stop: what comes after it in a pipeline is the end of its container's task.
    private protected override string? ExecOf(IContainerReference item) => item is CtrExecResult ? null : item.ExecId;

    private protected override Task<bool> AcceptTargetAsync(ContainerTarget target, CancellationToken cancellationToken) =>
        ShouldProcessAsync(target.Client, target.Name, target.ExecId is null ? "Stop task" : "Stop exec", cancellationToken);

    private protected override async Task FinishTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        TimeSpan timeout = Force ? TimeSpan.Zero : TimeSpan.FromSeconds(TimeoutSec);
        CtrExitStatus status = await target.Client.Tasks.StopAsync(
            target.Id, _signal, timeout, All, target.ExecId, cancellationToken).ConfigureAwait(false);
        if (PassThru)
        {
            await WriteAsync(status, cancellationToken).ConfigureAwait(false);
        }
    }
}
