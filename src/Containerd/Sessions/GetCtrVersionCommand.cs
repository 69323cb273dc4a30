using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Sessions;

/// <summary>Gives the version of the daemon and of this module, and the API services of the daemon.</summary>
[Cmdlet(VerbsCommon.Get, "CtrVersion")]
[OutputType(typeof(CtrVersion))]
public sealed class GetCtrVersionCommand : TimedDaemonCmdlet
{
    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(
                async () => await WriteAsync(
                    await client.Introspection.GetVersionAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false);
        }
    }
}
