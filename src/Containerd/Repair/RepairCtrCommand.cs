using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Repair;

/// <summary>Repair-Ctr: removes what clients left behind that crashed, or whose daemon did.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "Ctr", SupportsShouldProcess = true)]
[OutputType(typeof(CtrRemnant))]
public sealed class RepairCtrCommand : TimedDaemonCmdlet
{
    /// <summary>The kinds of things to remove.</summary>
    [Parameter(Position = 0, HelpMessage = "The kinds of things to remove: Task, Fifo, Directory, Ingest, Snapshot or Lease. All by default.")]
    [ValidateNotNullOrEmpty]
    public CtrRemnantKind[]? Kind { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(() => RepairAsync(client, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RepairAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        await foreach (CtrRemnant remnant in client.Repair.FindAsync(cancellationToken).ConfigureAwait(false))
        {
            if (Kind is null || Kind.Contains(remnant.Kind))
            {
                await TryAsync(() => RemoveAsync(client, remnant, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task RemoveAsync(ContainerdClient client, CtrRemnant remnant, CancellationToken cancellationToken)
    {
        string action = $"Remove {remnant.Kind.ToString().ToLowerInvariant()}";
        CtrRemnant result = await ShouldProcessAsync(client, remnant.Id, action, cancellationToken).ConfigureAwait(false)
            ? await client.Repair.RemoveAsync(remnant, cancellationToken).ConfigureAwait(false)
            : remnant;
        await WriteAsync(result, cancellationToken).ConfigureAwait(false);
    }
}
