using System.Collections;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the name of a capability.</summary>
internal sealed class CapabilityCompleter : ValueCompleter
{
    private const string Prefix = "CAP_";

    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) =>
        LinuxCapabilities.Known.Select(name => new Candidate(name[Prefix.Length..], name)).Append(new Candidate("ALL"));
}
