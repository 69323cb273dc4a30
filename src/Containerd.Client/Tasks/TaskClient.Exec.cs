using System.Security.Cryptography;
using System.Text;
using Containerd.Client.Grpc;
using Containerd.Client.IO;
using Containerd.Client.Oci;
using Containerd.Client.Oci.Users;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private const string ProcessTypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process";

    /// <summary>Starts a command in a running container and attaches to it (Tasks.Exec, Tasks.Start).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">The command.</param>
    /// <param name="cancellationToken">Ends the call; what was made is removed.</param>
    /// <exception cref="CtrException">NotFound without a task; AlreadyExists where the exec id is taken; CommandNotFound; TaskNotResponding.</exception>
    public async Task<RunningProcess> StartExecAsync(string id, ExecOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Validate(id, options);
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        return await ExecGate.PassAsync(
            _services, id, () => StartExecAsync(container, options, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a command in a container to its end and gives all that it wrote. Cancelling kills it.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">The command; <see cref="ExecOptions.StandardInput"/> is as the input is given.</param>
    /// <param name="input">What it reads; null for nothing. Stays open.</param>
    /// <param name="cancellationToken">Kills the command.</param>
    /// <exception cref="CtrException">NotFound without a task; CommandNotFound.</exception>
    /// <exception cref="IOException">It writes more than 2 GiB to a stream, which <see cref="StartExecAsync(string, ExecOptions, CancellationToken)"/> does not hold.</exception>
    public async Task<CtrExecResult> ExecAsync(
        string id, ExecOptions options, Stream? input = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        RunningProcess process = await StartExecAsync(
            id, options with { StandardInput = input is not null }, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            using var output = new MemoryStream();
            using var error = new MemoryStream();
            Task copying = input is null ? Task.CompletedTask : process.CopyInputAsync(input, cancellationToken);
            await process.CopyOutputAsync(output, error, cancellationToken).ConfigureAwait(false);
            await copying.ConfigureAwait(false);
            CtrExitStatus status = await process.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return new CtrExecResult
            {
                ContainerId = id,
                ExecId = process.ExecId,
                ExitCode = status.ExitCode,
                StandardOutput = Text(output),
                StandardError = Text(error),
                OutputTruncated = process.OutputTruncated,
                StartedAt = process.StartedAt,
                ExitedAt = status.ExitedAt,
                Address = status.Address,
                Namespace = status.Namespace,
            };
        }
    }

    /// <summary>Starts a command in a running container and leaves it running (Tasks.Exec, Tasks.Start).</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">The command; <see cref="DetachedOutput.StandardInput"/> says whether it gets an input.</param>
    /// <param name="output">Where its output goes; null for a log in the container's directory, which goes with the exec.</param>
    /// <param name="cancellationToken">Ends the call; what was made is removed.</param>
    /// <exception cref="CtrException">NotFound without a task; AlreadyExists where the exec id is taken; CommandNotFound; TaskNotResponding.</exception>
    public async Task<CtrProcess> StartDetachedExecAsync(
        string id, ExecOptions options, DetachedOutput? output = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Validate(id, options);
        Container container = await _containers.GetMessageAsync(id, cancellationToken).ConfigureAwait(false);
        return await ExecGate.PassAsync(
            _services,
            id,
            () => StartDetachedExecAsync(container, options, output ?? DetachedOutput.DefaultLog, cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<CtrProcess> StartDetachedExecAsync(
        Container container, ExecOptions options, DetachedOutput output, CancellationToken cancellationToken)
    {
        string id = container.Id;
        string execId = options.ExecId ?? NewExecId();
        string bundle = BundleOf(container);
        using var streams = DetachedStreams.Open(bundle, DetachedExec, Bundle.LogOf(bundle, execId), output, options.Terminal);
        StandardIO paths = streams.Paths;
        try
        {
            await CreateExecAsync(container, execId, options, paths, cancellationToken, streams.MarkTakenBack).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.MayHaveHappened())
        {
            streams.KeepUnlessTakenBack();
            throw;
        }

        try
        {
            int pid = await StartProcessAsync(id, execId, cancellationToken).ConfigureAwait(false);
            streams.Keep();
            return new CtrProcess
            {
                ContainerId = id,
                ExecId = execId,
                Kind = CtrProcessKind.Exec,
                Pid = pid,
                Status = CtrTaskStatus.Running,
                StandardInput = paths.Input,
                StandardOutput = paths.Output,
                StandardError = paths.Error,
                Terminal = paths.Terminal,
                Address = _services.Address.ToString(),
                Namespace = _services.Namespace,
            };
        }
        catch (Exception e)
        {
            await CleanUpAsync(id, execId, cancellationToken, streams.MarkTakenBack).ConfigureAwait(false);
            if (e is CtrException && e.MayHaveHappened())
            {
                streams.KeepUnlessTakenBack();
            }

            throw CommandErrors.Explain(e, id, options.Command);
        }
    }

    private async Task<RunningProcess> StartExecAsync(Container container, ExecOptions options, CancellationToken cancellationToken)
    {
        string execId = options.ExecId ?? NewExecId();
        ProcessIO io = OpenIO(container, ExecProcess, options.StandardInput, options.Terminal);
        try
        {
            await CreateExecAsync(container, execId, options, StandardIO.Of(io.Fifos, options.Terminal), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await io.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return await StartAttachedCoreAsync(container.Id, execId, io, options.Command, cancellationToken).ConfigureAwait(false);
    }

    private async Task CreateExecAsync(
        Container container,
        string execId,
        ExecOptions options,
        StandardIO streams,
        CancellationToken cancellationToken,
        Action? takenBack = null)
    {
        CtrSpecProcess process = await ProcessOfAsync(container, options, cancellationToken).ConfigureAwait(false);
        var request = new ExecProcessRequest
        {
            ContainerId = container.Id,
            ExecId = execId,
            Stdin = streams.Input,
            Stdout = streams.Output,
            Stderr = streams.Error,
            Terminal = options.Terminal,
            Spec = new Any { TypeUrl = ProcessTypeUrl, Value = ByteString.CopyFrom(process.ToUtf8Json()) },
        };
        await _services.SettledAsync(ResourceOf(container.Id, execId), cancellationToken).ConfigureAwait(false);

        // One that somebody else has given this id would be taken back with ours.
        if (options.ExecId is not null && await FindExecAsync(container.Id, execId, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw _services.Translate(
                new RpcException(new Grpc.Status(StatusCode.AlreadyExists, "already exists")), ResourceOf(container.Id, execId), cancellationToken);
        }

        await _services.CallToEndAsync(
            TaskMethods.Exec,
            request,
            ResourceOf(container.Id, execId),
            cancellationToken,
            limit => TakeBackAsync(container.Id, execId, takenBack, limit)).ConfigureAwait(false);
    }

    private static string NewExecId() => $"exec-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}";

    private static string Text(MemoryStream bytes) => Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);

    private static void Validate(string id, ExecOptions options)
    {
        if (options.ExecId is { } execId)
        {
            Identifier.Validate(execId, "exec id");
            if (execId == id)
            {
                throw CtrException.InvalidArgument(
                    "InvalidExecId", $"The exec id '{execId}' is that of the container: its end would be told as the end of the task.", execId);
            }
        }

        if (options.Command.Count == 0 || options.Command[0].Length == 0)
        {
            throw CtrException.InvalidArgument("InvalidCommand", "A command is needed: a program's name, then its arguments.");
        }

        if (options.WorkingDirectory is { } directory && !directory.StartsWith('/'))
        {
            throw CtrException.InvalidArgument("InvalidWorkingDirectory", $"The working directory '{directory}' is not absolute.", directory);
        }

        try
        {
            ProcessEnvironment.Merge([], options.Environment);
        }
        catch (FormatException e)
        {
            throw CtrException.InvalidArgument("InvalidEnvironment", e.Message);
        }
    }

    private async Task<CtrSpecProcess> ProcessOfAsync(Container container, ExecOptions options, CancellationToken cancellationToken)
    {
        CtrSpecProcess process = ContainerClient.SpecOf(container).Process ?? new CtrSpecProcess { Cwd = "/" };
        process.Args = [.. options.Command];
        process.Terminal = options.Terminal;
        process.CommandLine = null;
        process.Env = ProcessEnvironment.Merge(process.Env, options.Environment);
        process.Cwd = options.WorkingDirectory ?? process.Cwd;
        if (options.User is { } user)
        {
            try
            {
                process.User = await _containers.ResolveUserAsync(container, user, cancellationToken).ConfigureAwait(false);
            }
            catch (FormatException e)
            {
                throw CtrException.InvalidArgument("InvalidUser", e.Message, user);
            }
        }

        return process;
    }
}
