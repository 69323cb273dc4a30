using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Enter-CtrTask: a shell or another command in a running container, on the terminal that PowerShell runs in.</summary>
[Cmdlet(VerbsCommon.Enter, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrProcess))]
public sealed class EnterCtrTaskCommand : ContainerTargetCmdlet
{
    /// <summary>The command.</summary>
    [Parameter(Position = 1, HelpMessage = "The program, then its arguments. By default the first shell that the container has.")]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

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

    /// <summary>The keys that leave the command running.</summary>
    [Parameter(HelpMessage = "The keys that leave the command running and come back: ctrl-p,ctrl-q. An empty string for none.")]
    [ValidateNotNull]
    [AllowEmptyString]
    public string DetachKeys { get; set; } = Client.DetachKeys.Default.Text;

    /// <summary>The variable that gets the exit code.</summary>
    [Parameter(HelpMessage = "The name of a variable that gets the exit code.")]
    [ValidateNotNullOrEmpty]
    public string? ExitCodeVariable { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        string command = Command is [] ? "a shell" : string.Join(' ', Command);
        if (!await ShouldProcessAsync(target.Client, target.Id, $"Run {command}", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        // A window has its own TERM; without it programs take the terminal for a dumb one.
        string[] terminal = System.Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } term ? [$"TERM={term}"] : [];
        var options = new ExecOptions
        {
            Command = Command,
            Environment = [.. terminal, .. Environment],
            WorkingDirectory = WorkingDirectory,
            User = User,
        };
        CtrProcess process = await target.Client.Tasks.EnterAsync(
            target.Id, options, Client.DetachKeys.Parse(DetachKeys), cancellationToken).ConfigureAwait(false);
        if (process.ExitCode is { } exitCode)
        {
            await SetVariableAsync(ExitCodeVariable, exitCode, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await WriteAsync(process, cancellationToken).ConfigureAwait(false);
        }
    }
}
