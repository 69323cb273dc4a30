using System.Collections;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of an open session.</summary>
internal sealed class SessionNameCompleter : ValueCompleter
{
    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) =>
        SessionTable.Current.Open.Select(session => new Candidate(session.Name, $"{session.Address}, namespace {session.Namespace}"));
}
