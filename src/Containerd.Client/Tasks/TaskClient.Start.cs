using Containerd.Client.Grpc;
using Containerd.Client.IO;
using Containerd.Protocol.Tasks;
using Google.Protobuf;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Whether a start failed because the task had been started meanwhile. It is not this caller's to remove then.</summary>
    private async Task<bool> WasStartedBySomebodyElseAsync(string id, Exception error, CancellationToken cancellationToken)
    {
        if (error is not CtrException { Kind: CtrErrorKind.FailedPrecondition } refused)
        {
            return false;
        }

        // Of a start that was broken off the runtime knows more than the shim, which calls the task created.
        if (refused.ErrorId == "TaskAlreadyStarted")
        {
            return true;
        }

        try
        {
            return await FindAsync(id, cancellationToken).ConfigureAwait(false) is not { Status: CtrTaskStatus.Created };
        }
        catch (Exception e) when (e is CtrException or OperationCanceledException)
        {
            // One that is only made is not refused.
            return true;
        }
    }

    /// <summary>The task if it is made and not started; null where there is none, or there was one that had ended.</summary>
    private async Task<CtrTask?> FindStartableAsync(string id, CancellationToken cancellationToken)
    {
        await _services.SettledAsync(Resource.Task(id), cancellationToken).ConfigureAwait(false);
        CtrTask? task = await FindAsync(id, cancellationToken).ConfigureAwait(false);
        switch (task?.Status)
        {
            case null:
                return null;
            case CtrTaskStatus.Created:
                return task;
            case CtrTaskStatus.Stopped:
                await DeleteAsync(id, null, cancellationToken).ConfigureAwait(false);
                return null;
            default:
                throw new CtrException(
                    CtrErrorKind.FailedPrecondition,
                    "TaskAlreadyStarted",
                    $"The task of container '{id}' is {task!.Status.ToString().ToLowerInvariant()} already.",
                    id,
                    "Stop-CtrTask ends it.");
        }
    }

    private async Task<int> StartProcessAsync(
        string id, string? execId, CancellationToken cancellationToken, RestoreSource? source = null)
    {
        StartResponse response = await ToEndAsync(
            TaskMethods.Start,
            new StartRequest { ContainerId = id, ExecId = execId ?? "" },
            ResourceOf(id, execId),
            source,
            cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return (int)response.Pid;
    }

    /// <summary>Starts a process whose streams are open already; when that fails, takes back what was made.</summary>
    private async Task<RunningProcess> StartAttachedCoreAsync(
        string id,
        string? execId,
        ProcessIO io,
        IReadOnlyList<string> command,
        CancellationToken cancellationToken,
        RestoreSource? source = null)
    {
        var waiting = new CancellationTokenSource();
        try
        {
            // Asked before Start, so that an exit is never missed.
            int pid = 0;
            Task<CtrExitStatus> exited = WaitAsync(id, execId, () => pid, waiting.Token);
            pid = await StartProcessAsync(id, execId, cancellationToken, source).ConfigureAwait(false);
            io.ShimAttached();
            return new RunningProcess(this, id, execId, pid, io, exited, waiting);
        }
        catch (Exception e)
        {
            Exception explained = await ExplainStartAsync(e, id, command, source).ConfigureAwait(false);
            await io.DiscardOutputWhileAsync(() => CleanUpAsync(id, execId, cancellationToken)).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
            waiting.Dispose();
            await io.DisposeAsync().ConfigureAwait(false);
            throw explained;
        }
    }

    private static async Task<Exception> ExplainStartAsync(
        Exception error, string id, IReadOnlyList<string> command, RestoreSource? source) =>
        source is not null && error is CtrException failed
            ? await CriuErrors.ExplainAsync(failed, CriuErrors.Restore, id).ConfigureAwait(false)
            : CommandErrors.Explain(error, id, command);

    // Memory takes as long to restore as there is of it.
    private Task<TResponse> ToEndAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        TRequest request,
        Resource resource,
        RestoreSource? source,
        CancellationToken cancellationToken,
        Func<CancellationToken, Task>? takeBack = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => source is null
            ? _services.CallToEndAsync(method, request, resource, cancellationToken, takeBack)
            : _services.WhileServingAsync(
                end => (_services with { Timeout = null }).CallToEndAsync(method, request, resource, end, takeBack),
                resource,
                cancellationToken);

    /// <summary>Takes back a process, also when its caller has cancelled.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec; null for the task.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <param name="done">Is told when that has gone through.</param>
    private Task CleanUpAsync(string id, string? execId, CancellationToken cancellationToken, Action? done = null) =>
        _services.CleanUpAsync(limit => TakeBackAsync(id, execId, done, limit), ResourceOf(id, execId), cancellationToken);

    private async Task TakeBackAsync(string id, string? execId, Action? done, CancellationToken cancellationToken)
    {
        await Patient.KillAndDeleteAsync(id, execId, cancellationToken).ConfigureAwait(false);
        done?.Invoke();
    }

    /// <summary>The same client for taking back, whose calls have time of their own.</summary>
    private TaskClient Patient => new(_services.ForCleanUp, _containers, _snapshots, _stateDirectory);
}
