using System.Collections;
using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Completion;

/// <summary>
/// Completes a parameter from what the daemon has that <c>-Session</c>, <c>-Address</c> and <c>-Namespace</c> name as far as
/// they are typed, with what it has said after a second.
/// </summary>
internal abstract class DaemonValueCompleter : ValueCompleter
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    protected override IEnumerable<Candidate> Find(IDictionary boundParameters)
    {
        using var connections = new DaemonConnections();
        ContainerdClient[] clients = connections.Find(
            Bound<CtrSession[]>(boundParameters, "Session"),
            Bound<string>(boundParameters, "Address"),
            Bound<string>(boundParameters, "Namespace"));
        return Task.Run(() => CollectAsync(clients)).GetAwaiter().GetResult();
    }

    /// <summary>The values that a daemon has.</summary>
    protected abstract IAsyncEnumerable<Candidate> FindAsync(ContainerdClient client, CancellationToken cancellationToken);

    /// <summary>What is typed for another parameter as far as it can be told; else null.</summary>
    protected static T? Bound<T>(IDictionary boundParameters, string name)
        where T : class =>
        boundParameters[name] is { } value && LanguagePrimitives.TryConvertTo(value, out T? result) ? result : null;

    private async Task<List<Candidate>> CollectAsync(ContainerdClient[] clients)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var candidates = new List<Candidate>();
        foreach (ContainerdClient client in clients)
        {
            try
            {
                await foreach (Candidate candidate in FindAsync(client, limit.Token).ConfigureAwait(false))
                {
                    candidates.Add(candidate);
                }
            }
            catch (Exception e) when (e is CtrException or OperationCanceledException)
            {
                // What has come is offered.
            }
        }

        return candidates;
    }
}
