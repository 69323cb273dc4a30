using System.Runtime.CompilerServices;
using Containerd.Client.Oci;
using Containerd.Protocol.Tasks;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>What tasks use at present (Tasks.Metrics), in one call. One that has ended is left out, or told by an older daemon until it is removed.</summary>
    /// <param name="ids">The containers' ids; null for all tasks of the namespace.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<CtrTaskMetric>> MeasureAsync(
        IReadOnlyCollection<string>? ids = null, CancellationToken cancellationToken = default)
    {
        var request = new MetricsRequest();
        if (ids is not null)
        {
            if (ids.Count == 0)
            {
                return [];
            }

            foreach (string id in ids)
            {
                Identifier.Validate(id, "container id");
                request.Filters.Add(CtrFilter.Equal("id", id));
            }
        }

        MetricsResponse response = await CallAsync(TaskMethods.Metrics, request, null, null, cancellationToken).ConfigureAwait(false);
        string address = _services.Address.ToString();
        return response.Metrics.Select(metric => MetricDecoder.Decode(metric, address, _services.Namespace)).ToArray();
    }

    /// <summary>What a task uses at present (Tasks.Metrics).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without a task; FailedPrecondition where it does not run.</exception>
    public async Task<CtrTaskMetric> MeasureAsync(string id, CancellationToken cancellationToken = default)
    {
        if (await MeasureAsync([id], cancellationToken).ConfigureAwait(false) is [CtrTaskMetric metric])
        {
            return metric;
        }

        CtrTask task = await GetAsync(id, cancellationToken).ConfigureAwait(false);
        throw new CtrException(
            CtrErrorKind.FailedPrecondition,
            "TaskNotRunning",
            $"The task of container '{id}' cannot be measured: it is {task.Status.ToString().ToLowerInvariant()}.",
            id);
    }

    /// <summary>What tasks use, again and again, with the rates between two measurements.</summary>
    /// <param name="ids">The containers' ids; null for all tasks of the namespace.</param>
    /// <param name="interval">The time between two measurements.</param>
    /// <param name="cancellationToken">Ends the sequence.</param>
    /// <returns>A sequence that ends when all of the tasks have ended; of all tasks of the namespace it never ends.</returns>
    public async IAsyncEnumerable<CtrTaskMetric> FollowMetricsAsync(
        IReadOnlyCollection<string>? ids, TimeSpan interval, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        (string Id, Task End)[]? tasks = ids?.Distinct().Select(id => (id, EndOfAsync(id, waiting.Token))).ToArray();
        using var timer = new PeriodicTimer(interval);
        var earlier = new Dictionary<string, CtrTaskMetric>();
        try
        {
            do
            {
                string[]? running = tasks?.Where(task => !task.End.IsCompleted).Select(task => task.Id).ToArray();
                if (running is { Length: 0 })
                {
                    yield break;
                }

                IReadOnlyList<CtrTaskMetric> metrics = await MeasureAsync(running, cancellationToken).ConfigureAwait(false);
                foreach (CtrTaskMetric metric in metrics)
                {
                    yield return earlier.TryGetValue(metric.ContainerId, out CtrTaskMetric? last) ? metric.Since(last) : metric;
                }

                earlier = metrics.ToDictionary(metric => metric.ContainerId);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Completes when the task has ended, or can be waited for no more. It never fails.</summary>
    private async Task EndOfAsync(string id, CancellationToken cancellationToken) =>
        await ((Task)WaitAsync(id, null, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
