using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Sessions;

/// <summary>Gives the open sessions of this runspace, the default one last.</summary>
[Cmdlet(VerbsCommon.Get, "CtrSession")]
[OutputType(typeof(CtrSession))]
public sealed class GetCtrSessionCommand : PSCmdlet
{
    /// <summary>Names of sessions, with wildcards.</summary>
    [Parameter(Position = 0, HelpMessage = "Names of sessions; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (CtrSession session in SessionTable.Current.Find(Name, error => WriteError(ErrorRecords.From(error))))
        {
            WriteObject(session);
        }
    }
}
