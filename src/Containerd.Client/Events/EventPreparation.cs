using System.Diagnostics;
using Containerd.Protocol.Events;

namespace Containerd.Client;

/// <summary>
/// What goes on beside a new subscription until it is known to hold and what there is has been looked at: a mark is
/// published until it comes back, then containers and tasks are listed, then a second mark tells that what happened
/// before the list has come.
/// </summary>
/// <param name="client">The client of the subscription.</param>
/// <param name="timeout">How long each mark may take to come back.</param>
/// <param name="allNamespaces">Whether to look at all namespaces.</param>
/// <param name="tracker">What knows of the containers and tasks; null where they are not looked at.</param>
/// <param name="end">Ends the subscription; cancelled when this fails.</param>
internal sealed class EventPreparation(ContainerdClient client, TimeSpan timeout, bool allNamespaces, EventTracker? tracker, CancellationTokenSource end)
{
    // Of a message that says nothing.
    private const string EmptyType = "google.protobuf.Empty";

    private static readonly TimeSpan s_markInterval = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DaemonObservation> _observation = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<(string Namespace, string Id, string ExecId)> _execs = [];
    private Task _work = Task.CompletedTask;

    /// <summary>The topic of the marks.</summary>
    public string Topic { get; } = $"/containerd-powershell/{Guid.NewGuid():N}";

    /// <summary>The mark that tells that the subscription holds; it may come several times.</summary>
    public string Begin => Topic + "/begin";

    /// <summary>The mark that tells that all from before <see cref="Observation"/> has come.</summary>
    public string End => Topic + "/end";

    public Task<DaemonObservation> Observation => _observation.Task;

    public void Start() => _work = RunAsync(end.Token);

    /// <summary>The first mark has come back.</summary>
    public void Continue(Envelope mark)
    {
        if (!_begun.Task.IsCompleted)
        {
            tracker?.StreamBegan(mark.Timestamp?.ToDateTimeOffset() ?? DateTimeOffset.UtcNow);
            _execs = tracker?.LiveExecs() ?? [];
            _begun.SetResult();
        }
    }

    /// <summary>The last mark has come back.</summary>
    public void Complete() => _ended.TrySetResult();

    /// <summary>Waits for the end of the work; gives why it failed, if it did.</summary>
    public async Task<CtrException?> EndAsync()
    {
        try
        {
            await _work.ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (CtrException e)
        {
            return e;
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(cancellationToken).ConfigureAwait(false);
            if (tracker is not null)
            {
                _observation.SetResult(await DaemonObservation.TakeAsync(client, allNamespaces, _execs, cancellationToken).ConfigureAwait(false));
            }

            await PublishAsync(End, cancellationToken).ConfigureAwait(false);
            await _ended.Task.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            await end.CancelAsync().ConfigureAwait(false);
            throw new CtrException(
                CtrErrorKind.DeadlineExceeded,
                "DaemonTimeout",
                $"The daemon at {client.Address} takes events, and did not deliver one to its subscriber in time.",
                client.Address.ToString(),
                "Check the daemon with Test-CtrConnection, and what is between it and this machine.",
                e);
        }
        catch
        {
            await end.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            await PublishAsync(Begin, cancellationToken).ConfigureAwait(false);
            await Task.WhenAny(_begun.Task, Task.Delay(s_markInterval, cancellationToken)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (!_begun.Task.IsCompleted && timeout != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(start) > timeout)
            {
                throw new TimeoutException();
            }
        }
        while (!_begun.Task.IsCompleted);
    }

    private Task PublishAsync(string mark, CancellationToken cancellationToken) =>
        client.Events.PublishAsync(mark, EmptyType, ReadOnlyMemory<byte>.Empty, cancellationToken);
}
