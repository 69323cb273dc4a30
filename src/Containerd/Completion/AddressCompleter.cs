using System.Collections;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes an address: those of the open sessions, that of the environment, and the sockets where daemons usually listen.</summary>
internal sealed class AddressCompleter : ValueCompleter
{
    private static readonly string[] s_sockets =
    [
        "/run/containerd/containerd.sock",
        "/run/docker/containerd/containerd.sock",
        "/run/k3s/containerd/containerd.sock",
    ];

    protected override IEnumerable<Candidate> Find(IDictionary boundParameters) =>
        SessionTable.Current.Open.Select(session => new Candidate(session.Address, $"session {session.Name}"))
            .Append(new Candidate(DefaultDaemon.Address, "the default"))
            .Concat(s_sockets.Where(File.Exists).Select(path => new Candidate(path)));
}
