using System.Management.Automation;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Sessions;

/// <summary>Closes sessions; calls that use them end with an error.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "Ctr", DefaultParameterSetName = DefaultSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(void))]
public sealed class DisconnectCtrCommand : PSCmdlet
{
    private const string DefaultSet = "Default";
    private const string SessionSet = "Session";
    private const string NameSet = "Name";

    /// <summary>The sessions to close.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ParameterSetName = SessionSet, HelpMessage = "The sessions to close, or their names; without them and -Name, the default one.")]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    [ValidateNotNullOrEmpty]
    public CtrSession[] Session { get; set; } = [];

    /// <summary>Names of sessions to close, with wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet, HelpMessage = "Names of the sessions to close; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (CtrSession session in Chosen())
        {
            if (session.IsOpen && ShouldProcess(session.Name, "Close the session"))
            {
                session.Close();
            }
        }
    }

    private IEnumerable<CtrSession> Chosen() => ParameterSetName switch
    {
        SessionSet => Session,
        NameSet => SessionTable.Current.Find(Name, error => WriteError(ErrorRecords.From(error))),
        _ => SessionTable.Current.Default is { } session ? [session] : [],
    };
}
