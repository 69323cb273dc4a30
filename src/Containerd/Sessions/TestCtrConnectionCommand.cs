using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Sessions;

/// <summary>Tells whether a daemon serves: it is healthy, and it is containerd.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CtrConnection")]
[OutputType(typeof(bool))]
public sealed class TestCtrConnectionCommand : TimedDaemonCmdlet
{
    /// <summary>The limit for the whole test, in seconds; 0 for none.</summary>
    [Parameter(HelpMessage = "How long the daemon may take to answer, in seconds; 0 for no limit. 5 by default.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public override int TimeoutSec { get; set; } = 5;

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        foreach (ContainerdClient client in Clients)
        {
            bool[] answers = await Task.WhenAll(
                client.Introspection.IsServingAsync(cancellationToken), IsContainerdAsync(client, cancellationToken)).ConfigureAwait(false);
            await WriteAsync(answers is [true, true], cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<bool> IsContainerdAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        try
        {
            await client.Introspection.GetDaemonVersionAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (CtrException)
        {
            return false;
        }
    }
}
