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

        await _services.CallToEndAsync(
            TaskMethods.Pause,
            new PauseTaskRequest { ContainerId = id },
            Resource.Task(id),
            cancellationToken,
            limit => ThawOnceAsync(id, limit)).ConfigureAwait(false);
        return true;
    }

    /// <summary>Lets a task go on that was held. Where CRIU still writes, as its caller has left it, the shim does it afterwards.</summary>
    internal async Task ThawAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await _services.CompleteAsync(
                limit => ThawOnceAsync(id, limit), Resource.Task(id), cancellationToken, whole: true).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind is CtrErrorKind.NotFound or CtrErrorKind.FailedPrecondition)
        {
            // It has ended meanwhile, or somebody else has let it go on.
        }
    }

    /// <summary>Lets a task go on after a failure.</summary>
    /// <returns>What to throw: the failure, which tells where the task is suspended still.</returns>
    internal async Task<Exception> ThawAfterAsync(Exception failure, string id, CancellationToken cancellationToken)
    {
        try
        {
            await ThawAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException) when (failure is CtrException error)
        {
            return new CtrException(
                error.Kind,
                error.ErrorId,
                $"{error.Message} The task of container '{id}' was held for it, and is suspended still.",
                error.Target,
                $"{error.RecommendedAction} Resume-CtrTask lets the task go on.".TrimStart(),
                error);
        }
        catch (OperationCanceledException)
        {
            // It goes on in the background.
        }

        return failure;
    }

    /// <summary>Ends a task that is held, without a step of its own. A caller that has cancelled leaves it to itself.</summary>
    internal Task EndHeldAsync(string id, CancellationToken cancellationToken) =>
        _services.CompleteAsync(_ => EndHeldOnceAsync(id), Resource.Task(id), cancellationToken, whole: true);

    private async Task EndHeldOnceAsync(string id)
    {
        try
        {
            await SendSignalAsync(id, SigKill, execId: null, all: true, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            // With the first control groups a signal waits until then, unless the runtime has thawed it for that. And nobody
            // knows whether a signal without an answer has arrived: the task is not to stay suspended for it.
            await ThawOnceAsync(id, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await WaitOnceAsync(id, execId: null, ServiceChannel.CleanUpTimeout, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task ThawOnceAsync(string id, CancellationToken cancellationToken)
    {
        // The limit is ours alone: a shim in which CRIU still writes would drop a request whose deadline is over by then.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(_services.Timeout ?? ServiceChannel.NoTimeout);
        try
        {
            await _services.CallAsync(
                TaskMethods.Resume, new ResumeTaskRequest { ContainerId = id }, Resource.Task(id), end.Token, ServiceChannel.NoTimeout).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var late = new RpcException(new Grpc.Status(StatusCode.DeadlineExceeded, $"It did not answer within {_services.Timeout}."), e);
            throw _services.Translate(late, Resource.Task(id), cancellationToken);
        }
    }
}
