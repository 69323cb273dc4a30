using System.Collections;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the kind of an event.</summary>
internal sealed class EventTypeCompleter : ValueCompleter
{
    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) => CtrEvent.KnownTypes.Select(type => new Candidate(type));
}
