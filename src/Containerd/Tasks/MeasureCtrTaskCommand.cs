using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Measure-CtrTask: what tasks use of processor, memory, disk and processes, once or again and again.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "CtrTask", DefaultParameterSetName = IdSet)]
[OutputType(typeof(CtrTaskMetric))]
public sealed class MeasureCtrTaskCommand : OptionalContainerTargetCmdlet
{
    // Of each daemon, in its namespace: the tasks; null for all.
    private readonly Dictionary<(string Address, string Namespace), (ContainerdClient Client, List<string>? Ids)> _daemons = [];

    /// <summary>Measures again and again.</summary>
    [Parameter(HelpMessage = "Measures again and again, with rates, until the tasks end.")]
    public SwitchParameter Follow { get; set; }

    /// <summary>The time between two measurements, in seconds.</summary>
    [Parameter(HelpMessage = "The time between two measurements with -Follow, in seconds; 1 by default.")]
    [ValidateRange(0.1, 86400)]
    public double IntervalSec { get; set; } = 1;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == IdSet && Id is null)
        {
            foreach (ContainerdClient client in Clients)
            {
                _daemons[(client.Address.ToString(), client.Namespace)] = (client, null);
            }

            return;
        }

        await base.ProcessAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_daemons.Values.Select(daemon => TryAsync(
            () => Follow ? FollowAsync(daemon.Client, daemon.Ids, cancellationToken) : MeasureAsync(daemon.Client, daemon.Ids, cancellationToken),
            cancellationToken)));

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (Follow)
        {
            // One that is not there is an error, as it is without -Follow.
            await target.Client.Tasks.GetAsync(target.Id, cancellationToken).ConfigureAwait(false);
        }

        (string, string) key = (target.Client.Address.ToString(), target.Client.Namespace);
        if (!_daemons.TryGetValue(key, out (ContainerdClient, List<string>? Ids) daemon))
        {
            _daemons[key] = daemon = (target.Client, []);
        }

        daemon.Ids?.Add(target.Id);
    }

    private protected override async Task<IReadOnlyList<string>> ListIdsAsync(ContainerdClient client, CancellationToken cancellationToken) =>
        (await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false)).Select(task => task.Id).ToArray();

    private async Task MeasureAsync(ContainerdClient client, List<string>? ids, CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrTaskMetric> metrics = await client.Tasks.MeasureAsync(ids, cancellationToken).ConfigureAwait(false);
        foreach (CtrTaskMetric metric in metrics)
        {
            await WriteAsync(metric, cancellationToken).ConfigureAwait(false);
        }

        foreach (string missing in (ids ?? []).Except(metrics.Select(metric => metric.ContainerId)))
        {
            // Asked again alone, it tells why.
            await TryAsync(() => client.Tasks.MeasureAsync(missing, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private Task FollowAsync(ContainerdClient client, List<string>? ids, CancellationToken cancellationToken) =>
        WriteAllAsync(client.Tasks.FollowMetricsAsync(ids, TimeSpan.FromSeconds(IntervalSec), cancellationToken), cancellationToken);
}
