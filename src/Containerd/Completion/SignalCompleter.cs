using System.Collections;
using System.Globalization;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of a signal, with SIG before it or without.</summary>
internal sealed class SignalCompleter : ValueCompleter
{
    private const string Prefix = "SIG";

    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) => Find("", boundParameters);

    protected override IEnumerable<Candidate> Find(string word, IDictionary boundParameters)
    {
        string typed = word.Trim('\'', '"');
        int skipped = Prefix.StartsWith(typed, StringComparison.OrdinalIgnoreCase) || typed.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? 0 : Prefix.Length;
        return CtrSignal.Names.Select((name, index) => new Candidate(name[skipped..], string.Create(CultureInfo.InvariantCulture, $"{name} ({index + 1})")));
    }
}
