using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Containerd.Client;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Containers;

/// <summary>Completes the ids of containers.</summary>
internal sealed class ContainerIdCompleter : IArgumentCompleter
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);

    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CtrSession? session = SessionOf(fakeBoundParameters["Session"]);
        string? address = fakeBoundParameters["Address"] as string;
        if (session is null && address is null)
        {
            session = SessionTable.Current.Default;
        }

        string @namespace = fakeBoundParameters["Namespace"] as string ?? session?.Namespace ?? DefaultDaemon.Namespace;
        try
        {
            return Task.Run(() => FindAsync(session, address ?? DefaultDaemon.Address, @namespace, Unquote(wordToComplete))).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is CtrException or FormatException or ArgumentException or OperationCanceledException)
        {
            // Completion is a courtesy: without a daemon there is none.
            return [];
        }
    }

    private static CtrSession? SessionOf(object? bound) => bound switch
    {
        PSObject wrapped => SessionOf(wrapped.BaseObject),
        CtrSession { IsOpen: true } session => session,
        object[] { Length: > 0 } several => SessionOf(several[0]),
        _ => null,
    };

    private static async Task<List<CompletionResult>> FindAsync(CtrSession? session, string address, string @namespace, string start)
    {
        using var limit = new CancellationTokenSource(s_limit);
        using ContainerdClient? connection = session is null ? ContainerdClient.Create(ContainerdAddress.Parse(address)) : null;
        ContainerdClient client = (connection ?? session!.Client).WithNamespace(@namespace);
        var results = new List<CompletionResult>();
        await foreach (CtrContainer container in client.Containers.ListAsync(null, limit.Token).ConfigureAwait(false))
        {
            if (container.Id.StartsWith(start, StringComparison.Ordinal))
            {
                results.Add(new CompletionResult(
                    container.Id, container.Id, CompletionResultType.ParameterValue, $"{container.Id} ({container.Image})"));
            }
        }

        return results;
    }

    // An id has no character that needs quotes; the word may begin with one all the same.
    private static string Unquote(string word) => word.Trim('\'', '"');
}
