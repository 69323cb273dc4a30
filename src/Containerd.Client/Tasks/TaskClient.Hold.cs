using Containerd.Protocol.Tasks;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Holds a task, so that nothing of it changes; false where there is nothing to hold, as it is held or has ended.</summary>
    internal async Task<bool> HoldAsync(string id, CancellationToken cancellationToken)
    {
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

    /// <summary>Ends a task that is held, without a step of its own.</summary>
    internal async Task EndHeldAsync(string id)
    {
        await SendSignalAsync(id, SigKill, execId: null, all: true, CancellationToken.None).ConfigureAwait(false);

        // With the first control groups a signal waits until then, unless the runtime has thawed it for that.
        await ((Task)ThawOnceAsync(id, CancellationToken.None)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await WaitOnceAsync(id, execId: null, ServiceChannel.CleanUpTimeout, CancellationToken.None).ConfigureAwait(false);
    }

    private Task<Empty> ThawOnceAsync(string id, CancellationToken cancellationToken) => _services.CallAsync(
        TaskMethods.Resume, new ResumeTaskRequest { ContainerId = id }, Resource.Task(id), cancellationToken, ServiceChannel.NoTimeout);
}
