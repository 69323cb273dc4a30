using System.Management.Automation;

namespace Containerd.PowerShell.Sessions;

/// <summary>A cmdlet whose <c>-TimeoutSec</c> limits each of its calls.</summary>
public abstract class TimedDaemonCmdlet : DaemonCmdlet
{
    /// <summary>The limit for each call, in seconds; 0 for none.</summary>
    [Parameter(HelpMessage = "The limit for each call, in seconds; 0 for none. 60 by default.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public virtual int TimeoutSec { get; set; } = 60;

    private protected override TimeSpan? CallTimeout => TimeoutSec == 0 ? null : TimeSpan.FromSeconds(TimeoutSec);
}
