using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Containers;

namespace Containerd.PowerShell.Tasks;

/// <summary>Get-CtrTask: the tasks of containers, and their state.</summary>
[Cmdlet(VerbsCommon.Get, "CtrTask", DefaultParameterSetName = IdSet)]
[OutputType(typeof(CtrTask))]
public sealed class GetCtrTaskCommand : OptionalContainerTargetCmdlet
{
    /// <summary>The states that are wanted.</summary>
    [Parameter(HelpMessage = "The states that are wanted: Created, Running, Stopped, Paused, Pausing or Unknown.")]
    [ValidateNotNullOrEmpty]
    public CtrTaskStatus[]? Status { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == InputObjectSet)
        {
            await base.ProcessAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (ContainerdClient client in Clients)
        {
            // A list tells of tasks with a hung shim too, so that wildcards are not matched with the ids of containers.
            var written = new HashSet<string>();
            foreach (string id in Id ?? ["*"])
            {
                await TryAsync(
                    () => WildcardPattern.ContainsWildcardCharacters(id)
                        ? WriteMatchingAsync(client, WildcardPattern.Get(id, WildcardOptions.CultureInvariant), written, cancellationToken)
                        : written.Add(id)
                            ? ProcessTargetAsync(new ContainerTarget(client, id), cancellationToken)
                            : Task.CompletedTask,
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken) =>
        await WriteWantedAsync(
            await target.Client.Tasks.GetAsync(target.Id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async Task WriteMatchingAsync(
        ContainerdClient client, WildcardPattern pattern, HashSet<string> written, CancellationToken cancellationToken)
    {
        var failures = new List<CtrException>();
        IReadOnlyList<CtrTask> tasks = await client.Tasks.ListAsync(failures, cancellationToken).ConfigureAwait(false);
        foreach (CtrTask task in tasks.OrderBy(task => task.Id, StringComparer.Ordinal))
        {
            if (pattern.IsMatch(task.Id) && written.Add(task.Id))
            {
                await WriteWantedAsync(task, cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (CtrException failure in failures.Where(failure => pattern.IsMatch(failure.Target) && written.Add(failure.Target!)))
        {
            await WriteErrorAsync(failure, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteWantedAsync(CtrTask task, CancellationToken cancellationToken)
    {
        if (Status is null || Status.Contains(task.Status))
        {
            await WriteAsync(task, cancellationToken).ConfigureAwait(false);
        }
    }
}
