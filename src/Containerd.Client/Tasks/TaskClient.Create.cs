using Containerd.Client.IO;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Tasks;
using Containerd.Protocol.Types;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Makes a container's task without starting it (Tasks.Create). Nobody is attached to it.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="output">Where its output goes; null for the default log.</param>
    /// <param name="cancellationToken">Ends the call; a task that was made all the same is removed.</param>
    /// <exception cref="CtrException">NotFound without such a container; AlreadyExists where it has a task; CommandNotFound.</exception>
    public async Task<CtrTask> CreateAsync(string id, DetachedOutput? output = null, CancellationToken cancellationToken = default)
    {
        await _services.SettledAsync(Resource.Task(id), cancellationToken).ConfigureAwait(false);
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        if (await FindAsync(id, cancellationToken).ConfigureAwait(false) is not null)
        {
            // Asked first: were the answer to Create lost, a task that was there would be taken for one that was made.
            throw new CtrException(
                CtrErrorKind.AlreadyExists,
                "TaskAlreadyExists",
                $"Task '{id}' exists already in namespace '{_services.Namespace}'.",
                id,
                "Start-CtrTask starts it where it was not started; Remove-CtrTask removes it.");
        }

        using DetachedStreams streams = OpenDetached(container, output);
        CtrTask task = await CreateDetachedAsync(container, streams, source: null, cancellationToken).ConfigureAwait(false);
        streams.Keep();
        return task;
    }

    /// <summary>
    /// Starts a container's task and leaves it running: one that was made already, or a new one. A task that has ended is
    /// removed first.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="output">Where the output of a new task goes; null for the default log.</param>
    /// <param name="cancellationToken">Ends the call; a task that was made is removed.</param>
    /// <exception cref="CtrException">NotFound without such a container; FailedPrecondition where it runs; CommandNotFound.</exception>
    public Task<CtrTask> StartAsync(string id, DetachedOutput? output = null, CancellationToken cancellationToken = default) =>
        StartAsync(id, output, source: null, cancellationToken);

    /// <summary>The same, its memory taken from a checkpoint where there is a source.</summary>
    internal async Task<CtrTask> StartAsync(string id, DetachedOutput? output, RestoreSource? source, CancellationToken cancellationToken)
    {
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        CtrTask? task = await FindStartableAsync(id, cancellationToken).ConfigureAwait(false);
        if (task is not null && source is not null)
        {
            throw MadeAlready(id, "so it cannot be restored from a checkpoint any more.", "Remove it with Remove-CtrTask first.");
        }

        using DetachedStreams? streams = task is null ? OpenDetached(container, output) : null;
        task ??= await CreateDetachedAsync(container, streams!, source, cancellationToken).ConfigureAwait(false);
        try
        {
            int pid = await StartProcessAsync(id, null, cancellationToken, source).ConfigureAwait(false);
            streams?.Keep();
            return task with { Pid = pid, Status = CtrTaskStatus.Running };
        }
        catch (Exception e)
        {
            if (await WasStartedBySomebodyElseAsync(id, e, cancellationToken).ConfigureAwait(false))
            {
                streams?.Keep();
                throw;
            }

            // Before the clean-up, which takes CRIU's log along.
            Exception explained = await ExplainStartAsync(e, id, ArgsOf(container), source).ConfigureAwait(false);
            await CleanUpAsync(id, execId: null, cancellationToken, streams is null ? null : streams.MarkTakenBack).ConfigureAwait(false);
            if (e is CtrException && e.MayHaveHappened())
            {
                streams?.KeepUnlessTakenBack();
            }

            throw explained;
        }
    }

    /// <summary>Makes a container's task, attaches to it and starts it. A task that has ended is removed first.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="standardInput">Whether it gets a standard input.</param>
    /// <param name="cancellationToken">Ends the call; what was made is removed.</param>
    /// <exception cref="CtrException">NotFound without such a container; FailedPrecondition where it has a task; CommandNotFound.</exception>
    public Task<RunningProcess> StartAttachedAsync(string id, bool standardInput = false, CancellationToken cancellationToken = default) =>
        StartAttachedAsync(id, standardInput, source: null, cancellationToken);

    /// <summary>The same, its memory taken from a checkpoint where there is a source.</summary>
    internal async Task<RunningProcess> StartAttachedAsync(
        string id, bool standardInput, RestoreSource? source, CancellationToken cancellationToken)
    {
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        if (await FindStartableAsync(id, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw MadeAlready(
                id,
                "so its streams cannot be attached to any more.",
                "Start it without attaching, or remove it with Remove-CtrTask first.");
        }

        CtrSpec spec = ContainerClient.SpecOf(container);
        bool terminal = spec.Process?.Terminal ?? false;
        ProcessIO io = OpenIO(container, InitProcess, standardInput, terminal);
        try
        {
            await CreateCoreAsync(container, spec, StandardIO.Of(io.Fifos, terminal), source, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await io.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return await StartAttachedCoreAsync(id, null, io, spec.Process?.Args ?? [], cancellationToken, source).ConfigureAwait(false);
    }

    private static CtrException MadeAlready(string id, string consequence, string action) => new(
        CtrErrorKind.FailedPrecondition,
        "TaskStateInvalid",
        $"The task of container '{id}' was made already, {consequence}",
        id,
        action);

    private DetachedStreams OpenDetached(Container container, DetachedOutput? output)
    {
        string bundle = BundleOf(container);
        return DetachedStreams.Open(
            bundle,
            InitProcess,
            Bundle.LogOf(bundle),
            output ?? DetachedOutput.DefaultLog,
            ContainerClient.SpecOf(container).Process?.Terminal ?? false);
    }

    private async Task<CtrTask> CreateDetachedAsync(
        Container container, DetachedStreams streams, RestoreSource? source, CancellationToken cancellationToken)
    {
        StandardIO paths = streams.Paths;
        int pid;
        try
        {
            pid = await CreateCoreAsync(container, ContainerClient.SpecOf(container), paths, source, cancellationToken, streams.MarkTakenBack).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.MayHaveHappened())
        {
            streams.KeepUnlessTakenBack();
            throw;
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.AlreadyExists)
        {
            // Somebody else was quicker, and has the same log.
            streams.KeepLog();
            throw;
        }

        return new CtrTask
        {
            Id = container.Id,
            Pid = pid,
            Status = CtrTaskStatus.Created,
            StandardInput = paths.Input,
            StandardOutput = paths.Output,
            StandardError = paths.Error,
            Terminal = paths.Terminal,
            Address = _services.Address.ToString(),
            Namespace = _services.Namespace,
        };
    }

    private async Task<int> CreateCoreAsync(
        Container container,
        CtrSpec spec,
        StandardIO streams,
        RestoreSource? source,
        CancellationToken cancellationToken,
        Action? takenBack = null)
    {
        var request = new CreateTaskRequest
        {
            ContainerId = container.Id,
            Stdin = streams.Input,
            Stdout = streams.Output,
            Stderr = streams.Error,
            Terminal = streams.Terminal,
            Options = RuntimeOptions.ForTask(container, spec, source?.ImagePath),
            Checkpoint = source?.Memory is { } memory ? Descriptors.ToMessage(memory) : null,
        };
        if (container.SnapshotKey.Length > 0)
        {
            IReadOnlyList<Mount> mounts = await _snapshots.MountsAsync(
                container.Snapshotter, container.SnapshotKey, cancellationToken).ConfigureAwait(false);
            request.Rootfs.AddRange(mounts);
        }

        CreateTaskResponse response;
        try
        {
            response = await ToEndAsync(
                TaskMethods.Create,
                request,
                Resource.Task(container.Id),
                source,
                cancellationToken,
                limit => TakeBackAsync(container.Id, execId: null, takenBack, limit)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw await ExplainStartAsync(e, container.Id, ArgsOf(container), source).ConfigureAwait(false);
        }

        return (int)response.Pid;
    }

    private ProcessIO OpenIO(Container container, string kind, bool standardInput, bool terminal) =>
        ProcessIO.Open(ProcessFifos.Create(FifoDirectoryOf(container), ProcessFifos.NewName(kind), standardInput, terminal));

    /// <summary>The container's own directory; where somebody else made the container, one for this process alone.</summary>
    private string FifoDirectoryOf(Container container)
    {
        string bundle = BundleOf(container);
        return Directory.Exists(bundle) ? bundle : Path.Combine(FifoDirectory(_stateDirectory), Path.GetRandomFileName());
    }

    /// <summary>Where the FIFOs of processes lie whose container has no directory of ours.</summary>
    internal static string FifoDirectory(string stateDirectory) => Path.Combine(stateDirectory, "fifo");

    private string BundleOf(Container container) =>
        Bundle.Of(container, _stateDirectory, _services.Address, _services.Namespace);

    private static List<string> ArgsOf(Container container) => ContainerClient.SpecOf(container).Process?.Args ?? [];
}
