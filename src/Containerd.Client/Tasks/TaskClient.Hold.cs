using Containerd.Client.Grpc;
using Containerd.Protocol.Tasks;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Holds a task, so that nothing of it changes; false where there is nothing to hold, as it is held or has ended.</summary>
    internal async Task<bool> HoldAsync(string id, CancellationToken cancellationToken)
    {
        // A checkpoint whose caller has left it lets its task go on at its end.
        await _services.SettledAsync(Resource.Task(id), cancellationToken).ConfigureAwait(false);
        CtrTask task = await GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (task.Status != CtrTaskStatus.Running)
        {
            return false;
        }

        try
        {
            await _services.CallToEndAsync(
                TaskMethods.Pause,
                new PauseTaskRequest { ContainerId = id },
                Resource.Task(id),
                cancellationToken,
                limit => ThawOnceAsync(id, _services.Timeout, limit)).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.MayHaveHappened())
        {
            throw MayBeSuspended(id, e);
        }

        return true;
    }

    /// <summary>Lets a task go on that was held. Where CRIU still writes, as its caller has left it, the shim does it afterwards.</summary>
    /// <exception cref="CtrException">It may be suspended still, which is told.</exception>
    internal async Task ThawAsync(string id, CancellationToken cancellationToken)
    {
        // Nobody waits for it whose token has fired, and CRIU may take as long as there is memory.
        TimeSpan? limit = cancellationToken.IsCancellationRequested ? null : _services.Timeout;
        try
        {
            await _services.CompleteAsync(
                end => ThawOnceAsync(id, limit, end), Resource.Task(id), cancellationToken, whole: true).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound or CtrErrorKind.FailedPrecondition)
        {
            // It has ended meanwhile, or somebody else has let it go on.
        }
        catch (CtrException e)
        {
            throw MayBeSuspended(id, e);
        }
    }

    /// <summary>Lets a task go on after a failure.</summary>
    /// <returns>What to throw: the failure, with which it is told where the task may be suspended still.</returns>
    internal async Task<Exception> ThawAfterAsync(Exception failure, string id, CancellationToken cancellationToken)
    {
        try
        {
            await ThawAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e)
        {
            return failure is CtrException error ? MayBeSuspended(id, error) : e;
        }
        catch (OperationCanceledException)
        {
            // It goes on in the background.
        }

        return failure;
    }

    /// <summary>Kills a task whose memory is saved, and waits for its end; a caller that cancels leaves that to itself.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="held">Whether the caller holds it.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="OperationCanceledException">The caller has left before the signal was taken.</exception>
    internal async Task EndHeldAsync(string id, bool held, CancellationToken cancellationToken)
    {
        try
        {
            await _services.CompleteAsync(_ => KillHeldAsync(id, held), Resource.Task(id), cancellationToken, whole: true).ConfigureAwait(false);
            await WaitForKilledAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound || IsShimGone(e.Message))
        {
            // It has ended, and somebody else has removed it.
        }
    }

    private async Task WaitForKilledAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await WaitOnceAsync(id, execId: null, ServiceChannel.CleanUpTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It has its signal: however much memory it has to give back, nothing more is to be done.
        }
    }

    private async Task KillHeldAsync(string id, bool held)
    {
        try
        {
            await SendSignalAsync(id, SigKill, execId: null, all: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch when (held)
        {
            // Nobody knows whether a signal without an answer has arrived: the task is not to stay suspended for it.
            await ThawOnceAsync(id, _services.Timeout, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        // With the first control groups a signal waits until then, unless the runtime has thawed it for that.
        await ThawOnceAsync(id, _services.Timeout, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ThawOnceAsync(string id, TimeSpan? limit, CancellationToken cancellationToken)
    {
        // The limit is ours alone: a shim in which CRIU still writes would drop a request whose deadline is over by then.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit ?? ServiceChannel.NoTimeout);
        try
        {
            await _services.CallAsync(
                TaskMethods.Resume, new ResumeTaskRequest { ContainerId = id }, Resource.Task(id), end.Token, ServiceChannel.NoTimeout).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var late = new RpcException(new Grpc.Status(StatusCode.DeadlineExceeded, $"It did not answer within {limit}."), e);
            throw _services.Translate(late, Resource.Task(id), cancellationToken);
        }
    }

    private static CtrException MayBeSuspended(string id, CtrException error) => new(
        error.Kind,
        error.ErrorId,
        $"{error.Message} The task of container '{id}' was held, and may be suspended still.",
        error.Target,
        $"{error.RecommendedAction} Resume-CtrTask lets the task go on.".TrimStart(),
        error);
}
