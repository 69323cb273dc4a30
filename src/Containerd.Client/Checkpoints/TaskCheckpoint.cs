using System.Security.Cryptography;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Runc;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Has the daemon write a task's memory: into the content store, under a lease, or into a directory of its host.</summary>
internal sealed class TaskCheckpoint(TaskClient tasks, LeaseClient leases, Container container, CheckpointOptions options)
{
    /// <summary>Whether the task has ended with the checkpoint, or may have: then nothing else is left of it.</summary>
    public bool HasEndedTask { get; private set; }

    /// <summary>Whether that is certain.</summary>
    public bool IsTaskGone { get; private set; }

    /// <summary>The tar of CRIU's images in the content store; null until it is known.</summary>
    public CtrDescriptor? Memory { get; private set; }

    /// <summary>
    /// The lease that keeps the memory from before the task is ended, for whoever comes after this process; null where the task
    /// is not to end, or has not been ended yet. Whoever took the checkpoint ends it.
    /// </summary>
    public Lease? Keeper { get; private set; }

    /// <summary>The token for what is done with the checkpoint: one that nothing else is left of is not dropped for a cancellation.</summary>
    public CancellationToken After(CancellationToken cancellationToken) => HasEndedTask ? CancellationToken.None : cancellationToken;

    /// <summary>The options as they are noted in an image.</summary>
    public Any Options() => Options(options.Exit);

    /// <summary>The options as the daemon gets them, of the kind that the container's runtime takes.</summary>
    private Any Options(bool exit, string? imagePath = null) => RuntimeOptions.Pack(container.Runtime.Name == RuntimeOptions.RuntimeV1
        ? new Protocol.RuntimeV1.CheckpointOptions
        {
            Exit = exit,
            FileLocks = true,
            ImagePath = imagePath ?? "",
            WorkPath = options.WorkPath ?? "",
        }
        : new Protocol.Runc.CheckpointOptions
        {
            Exit = exit,
            FileLocks = true,
            ImagePath = imagePath ?? "",
            WorkPath = options.WorkPath ?? "",
        });

    /// <summary>
    /// Writes the memory into the content store (Tasks.Checkpoint). A task that is to end is held meanwhile, and ended when its
    /// memory is there: CRIU would end it before the daemon has it, which may have no room for it.
    /// </summary>
    /// <param name="lease">Keeps what is written.</param>
    /// <param name="cancellationToken">Ends the call, as soon as CRIU has ended.</param>
    /// <returns>The tar of CRIU's images.</returns>
    /// <exception cref="CtrException">NotFound without a task; CheckpointFailed or CriuNotFound where CRIU cannot.</exception>
    public async Task<CtrDescriptor> TakeAsync(Lease lease, CancellationToken cancellationToken)
    {
        bool held = options.Exit && await tasks.HoldAsync(container.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            Memory = await WriteMemoryAsync(lease, cancellationToken).ConfigureAwait(false);
            if (options.Exit)
            {
                Keeper = await leases.AcquireAsync(cancellationToken, outlivesProcess: true).ConfigureAwait(false);

                // The other lease outlasts it: what goes with that one is waited for there.
                Keeper.Complete();
                await Keeper.PinContentAsync(Memory.Digest, cancellationToken).ConfigureAwait(false);
                await EndAsync(held, cancellationToken).ConfigureAwait(false);
            }

            return Memory;
        }
        catch (Exception e) when (held && !HasEndedTask)
        {
            throw await tasks.ThawAfterAsync(e, container.Id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<CtrDescriptor> WriteMemoryAsync(Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            CheckpointTaskResponse response = await CallAsync(
                lease.Services, Options(exit: false), endsTask: false, cancellationToken).ConfigureAwait(false);
            return response.Descriptors.Select(Descriptors.ToRecord).FirstOrDefault(part => part.MediaType == CheckpointMediaTypes.Memory)
                ?? throw new CtrException(
                    CtrErrorKind.Unknown, "CheckpointFailed", $"The daemon made a checkpoint of container '{container.Id}' without its memory.", container.Id);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.AlreadyExists)
        {
            // containerd before 2.0 fails when the spec, which it stores after the memory, is there from an earlier
            // checkpoint. The memory is there by then.
            if (await FindMemoryAsync(lease, cancellationToken).ConfigureAwait(false) is { } memory)
            {
                return memory;
            }

            throw;
        }
    }

    private async Task EndAsync(bool held, CancellationToken cancellationToken)
    {
        HasEndedTask = true;
        try
        {
            await tasks.EndHeldAsync(container.Id, held, cancellationToken).ConfigureAwait(false);
            IsTaskGone = true;
        }
        catch (CtrException e)
        {
            HasEndedTask = e.MayHaveHappened();
            throw;
        }
    }

    /// <summary>Writes the memory into a directory on the daemon's host (Tasks.Checkpoint with an image path).</summary>
    public Task WriteAsync(ServiceChannel services, string imagePath, CancellationToken cancellationToken) =>
        CallAsync(services, Options(options.Exit, imagePath), options.Exit, cancellationToken);

    private async Task<CheckpointTaskResponse> CallAsync(
        ServiceChannel services, Any request, bool endsTask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Resource task = Resource.Task(container.Id);
        await services.SettledAsync(task, cancellationToken).ConfigureAwait(false);
        CheckpointTaskResponse? response = null;
        HasEndedTask = endsTask;
        try
        {
            // A CRIU that is killed in the middle of it leaves its code in the task's processes. Whoever cancels leaves it to
            // itself, unless CRIU is to end the task: then nothing else is left of it.
            await services.CompleteAsync(
                async limit => response = await services.WhileServingAsync(
                    end => services.CallAsync(
                        TaskMethods.Checkpoint,
                        new CheckpointTaskRequest { ContainerId = container.Id, Options = request },
                        task,
                        end,
                        ServiceChannel.NoTimeout),
                    task,
                    limit).ConfigureAwait(false),
                task,
                cancellationToken,
                endsTask ? ServiceChannel.CleanUpTimeout : null,
                whole: true).ConfigureAwait(false);
        }
        catch (CtrException e)
        {
            HasEndedTask &= e.MayHaveHappened();
            throw await CriuErrors.ExplainAsync(e, CriuErrors.Checkpoint, container.Id).ConfigureAwait(false);
        }

        After(cancellationToken).ThrowIfCancellationRequested();
        return response!;
    }

    /// <summary>What the lease keeps but the spec.</summary>
    private async Task<CtrDescriptor?> FindMemoryAsync(Lease lease, CancellationToken cancellationToken)
    {
        string spec = $"sha256:{Convert.ToHexString(SHA256.HashData(container.Spec.ToByteArray())).ToLowerInvariant()}";
        IReadOnlyList<string> digests = await lease.ListContentAsync(cancellationToken).ConfigureAwait(false);
        string[] others = digests.Where(digest => digest != spec).ToArray();
        return others.Length != 1
            ? null
            : new CtrDescriptor
            {
                MediaType = CheckpointMediaTypes.Memory,
                Digest = others[0],
                Size = await new ContentClient(lease.Services).SizeAsync(others[0], cancellationToken).ConfigureAwait(false),
            };
    }
}
