using Containerd.Protocol.Tasks;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>The tasks of the namespace whose state is known (Tasks.List).</summary>
    /// <param name="failures">
    /// Receives an error for each of the others: the daemon gives a shim two seconds to tell the state of its task.
    /// </param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<CtrTask>> ListAsync(ICollection<CtrException> failures, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(failures);
        var known = new List<CtrTask>();
        foreach (CtrTask task in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (task.Status == CtrTaskStatus.Unknown)
            {
                failures.Add(NotResponding(task.Id));
            }
            else
            {
                known.Add(task);
            }
        }

        return known;
    }

    private CtrException NotResponding(string id, Exception? cause = null) => new(
        CtrErrorKind.DeadlineExceeded,
        "TaskNotResponding",
        $"The state of task '{id}' in namespace '{_services.Namespace}' is not known: its shim does not answer.",
        id,
        "Look for the process containerd-shim-runc-v2 with this id: it may be stopped, or hang in the kernel. Killing it ends the task.",
        cause);

    private async Task<GetResponse> GetRespondingAsync(string id, CancellationToken cancellationToken)
    {
        GetResponse response;
        try
        {
            response = await CallAsync(
                TaskMethods.Get, new GetRequest { ContainerId = id }, id, null, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.DeadlineExceeded && FromShim(e))
        {
            throw NotResponding(id, e);
        }

        return (CtrTaskStatus)response.Process.Status == CtrTaskStatus.Unknown ? throw NotResponding(id) : response;
    }

    // The daemon's own words, with which it gives up a shim; the deadline of this side has others.
    private static bool FromShim(CtrException error) =>
        error.InnerException?.Message.Contains("context deadline exceeded", StringComparison.Ordinal) == true;
}
