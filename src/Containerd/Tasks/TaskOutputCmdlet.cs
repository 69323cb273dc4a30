using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Containers;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Tasks;

/// <summary>A cmdlet that makes a task and says where its output goes.</summary>
public abstract class TaskOutputCmdlet : ContainerTargetCmdlet
{
    /// <summary>The file that keeps the output.</summary>
    [Parameter(HelpMessage = "The log file that keeps the output, on the daemon's host. By default one that Get-CtrLog finds.")]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>The shim's logging URI.</summary>
    [Parameter(HelpMessage = "A logging URI of containerd's shim: file:///path or binary:///path?key=value.")]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>No output at all.</summary>
    [Parameter(HelpMessage = "Throws the output away.")]
    public SwitchParameter NoIO { get; set; }

    /// <summary>Gives the task an input that stays open.</summary>
    [Parameter(HelpMessage = "Gives a detached task an input that stays open: Connect-CtrTask -StandardInput writes to it, Close-CtrStandardInput closes it.")]
    public SwitchParameter OpenStandardInput { get; set; }

    /// <summary>Where the output goes.</summary>
    private protected DetachedOutput Output { get; private set; } = DetachedOutput.DefaultLog;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            Output = OutputChoice.Find(SessionState, LogPath, LogUri, NoIO) with { StandardInput = OpenStandardInput };
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(ErrorRecords.From(e));
        }

        base.BeginProcessing();
    }
}
