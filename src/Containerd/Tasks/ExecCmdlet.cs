using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>A cmdlet that starts a command in running containers.</summary>
public abstract class ExecCmdlet : ContainerTargetCmdlet
{
    /// <summary>The command.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The program, then its arguments: ls, -l, /etc.")]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

    /// <summary>The id of the exec.</summary>
    [Parameter(HelpMessage = "The id that the exec gets: letters, digits, and between them single '.', '_' or '-'. Random when left out.")]
    [ValidateNotNullOrEmpty]
    public string? ExecId { get; set; }

    /// <summary>Environment variables over the container's.</summary>
    [Parameter(HelpMessage = "Environment variables over the container's: a hashtable, or KEY=value strings; KEY alone removes it.")]
    [Alias("Env")]
    [EnvironmentTransformation]
    [ValidateNotNull]
    public string[] Environment { get; set; } = [];

    /// <summary>The working directory.</summary>
    [Parameter(HelpMessage = "The working directory, absolute inside the container. By default the container's.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The user.</summary>
    [Parameter(HelpMessage = "The user: a name or id, alone or with a group after a colon. By default the container's.")]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Gives the command a terminal.</summary>
    [Parameter(HelpMessage = "Gives the command a terminal; both outputs are then one.")]
    [Alias("Tty")]
    public SwitchParameter Terminal { get; set; }

    /// <summary>What the client is asked to start.</summary>
    private protected ExecOptions Options() => new()
    {
        Command = Command,
        ExecId = ExecId,
        Environment = Environment,
        WorkingDirectory = WorkingDirectory,
        User = User,
        Terminal = Terminal,
    };
}
