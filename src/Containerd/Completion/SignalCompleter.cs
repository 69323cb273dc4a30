using System.Collections;
using System.Globalization;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of a signal.</summary>
internal sealed class SignalCompleter : ValueCompleter
{
    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) =>
        CtrSignal.Names.Select((name, index) => new Candidate(name, string.Create(CultureInfo.InvariantCulture, $"{name} ({index + 1})")));
}
