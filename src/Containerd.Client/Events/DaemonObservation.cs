namespace Containerd.Client;

/// <summary>The containers, tasks and some execs that a daemon has, at about one moment.</summary>
internal sealed record DaemonObservation(
    IReadOnlyList<CtrContainer> Containers, IReadOnlyList<CtrTask> Tasks, IReadOnlyList<CtrProcess> Execs)
{
    // A shim answers at once, or hangs.
    private static readonly TimeSpan s_shimTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Asks the daemon.</summary>
    /// <param name="client">A client of the namespace.</param>
    /// <param name="allNamespaces">Whether to look at all namespaces.</param>
    /// <param name="execs">The execs to look at, as a list of tasks has none; one that is gone is left out, and of one whose shim does not answer the state is unknown.</param>
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

        foreach (IGrouping<(string Namespace, string Id), string> one in execs.GroupBy(exec => (exec.Namespace, exec.Id), exec => exec.ExecId))
        {
            processes.AddRange(await LookAsync(
                client.WithNamespace(one.Key.Namespace).WithTimeout(s_shimTimeout), one.Key.Id, one, cancellationToken).ConfigureAwait(false));
        }

        return new DaemonObservation(containers, tasks, processes);
    }

    /// <summary>Looks at the execs of one container. Where its shim does not answer, that is no reason to wait for it again, or to tell of no other.</summary>
    private static async Task<List<CtrProcess>> LookAsync(
        ContainerdClient client, string id, IEnumerable<string> execIds, CancellationToken cancellationToken)
    {
        var processes = new List<CtrProcess>();
        bool answers = true;
        foreach (string execId in execIds)
        {
            try
            {
                processes.Add(answers
                    ? await client.Tasks.GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false)
                    : Unknown(client, id, execId));
            }
            catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound)
            {
                // It was removed, or its task.
            }
            catch (CtrException e) when (e.Kind is not CtrErrorKind.Unavailable)
            {
                answers = false;
                processes.Add(Unknown(client, id, execId));
            }
        }

        return processes;
    }

    private static CtrProcess Unknown(ContainerdClient client, string id, string execId) => new()
    {
        ContainerId = id, ExecId = execId, Pid = 0, Status = CtrTaskStatus.Unknown, Address = client.Address.ToString(), Namespace = client.Namespace,
    };
}
