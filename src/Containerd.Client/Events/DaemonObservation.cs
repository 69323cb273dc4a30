namespace Containerd.Client;

/// <summary>The containers, tasks and some execs that a daemon has, at about one moment.</summary>
internal sealed record DaemonObservation(
    IReadOnlyList<CtrContainer> Containers, IReadOnlyList<CtrTask> Tasks, IReadOnlyList<CtrProcess> Execs)
{
    /// <summary>Asks the daemon.</summary>
    /// <param name="client">A client of the namespace.</param>
    /// <param name="allNamespaces">Whether to look at all namespaces.</param>
    /// <param name="execs">The execs to look at, as a list of tasks has none; one that is gone is left out.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public static async Task<DaemonObservation> TakeAsync(
        ContainerdClient client,
        bool allNamespaces,
        IEnumerable<(string Namespace, string Id, string ExecId)> execs,
        CancellationToken cancellationToken)
    {
        var containers = new List<CtrContainer>();
        var tasks = new List<CtrTask>();
        var processes = new List<CtrProcess>();
        IEnumerable<string> namespaces = allNamespaces
            ? (await client.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false)).Select(one => one.Name)
            : [client.Namespace];
        foreach (ContainerdClient scoped in namespaces.Select(client.WithNamespace))
        {
            // Tasks first: a container that is made meanwhile may have no task yet, but no task is without its container.
            tasks.AddRange(await scoped.Tasks.ListAsync(cancellationToken).ConfigureAwait(false));
            await foreach (CtrContainer container in scoped.Containers.ListAsync(null, cancellationToken).ConfigureAwait(false))
            {
                containers.Add(container);
            }
        }

        foreach ((string @namespace, string id, string execId) in execs)
        {
            try
            {
                processes.Add(await client.WithNamespace(@namespace).Tasks.GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false));
            }
            catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound)
            {
                // It was removed, or its task.
            }
        }

        return new DaemonObservation(containers, tasks, processes);
    }
}
