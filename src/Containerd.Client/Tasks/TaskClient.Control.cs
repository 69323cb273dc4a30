using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private const string ResourcesTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources";

    /// <summary>Freezes all processes of a container (Tasks.Pause).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without a task; FailedPrecondition where it does not run.</exception>
    public Task PauseAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync(TaskMethods.Pause, new PauseTaskRequest { ContainerId = id }, id, null, cancellationToken);

    /// <summary>Lets the processes of a frozen container go on (Tasks.Resume).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without a task; FailedPrecondition where it is not frozen.</exception>
    public Task ResumeAsync(string id, CancellationToken cancellationToken = default) =>
        CallAsync(TaskMethods.Resume, new ResumeTaskRequest { ContainerId = id }, id, null, cancellationToken);

    /// <summary>Changes the limits of a task while it lives (Tasks.Update). The container's spec, and so its next task, keep theirs.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="resources">What changes; all that is not given stays.</param>
    /// <param name="annotations">For the runtime; runc's shim ignores them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without a task; Unknown where the kernel refuses a value.</exception>
    public Task UpdateAsync(
        string id,
        CtrSpecResources resources,
        IReadOnlyDictionary<string, string>? annotations = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(resources);
        var request = new UpdateTaskRequest
        {
            ContainerId = id,
            Resources = new Any { TypeUrl = ResourcesTypeUrl, Value = ByteString.CopyFrom(resources.ToUtf8Json()) },
        };
        foreach ((string key, string value) in annotations ?? new Dictionary<string, string>())
        {
            request.Annotations.Add(key, value);
        }

        return CallAsync(TaskMethods.Update, request, id, null, cancellationToken);
    }

    /// <summary>Tells a process's terminal its size (Tasks.ResizePty). A process without a terminal is not told, which is no error.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="columns">The width in characters, 1 to 65535.</param>
    /// <param name="rows">The height in lines, 1 to 65535.</param>
    /// <param name="execId">The exec; null for the task's first process.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">NotFound without such a process.</exception>
    public Task ResizeTerminalAsync(
        string id, int columns, int rows, string? execId = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, ushort.MaxValue);
        return CallAsync(
            TaskMethods.ResizePty,
            new ResizePtyRequest { ContainerId = id, ExecId = execId ?? "", Width = (uint)columns, Height = (uint)rows },
            id,
            execId,
            cancellationToken);
    }
}
