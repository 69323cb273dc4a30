using System.Net.Sockets;
using Containerd.Client.Grpc;

namespace Containerd.Client;

/// <summary>Turns what a call raised into the error that a person sees.</summary>
internal static class ErrorTranslation
{
    // A daemon that was killed while it made a task.
    private const string MakeDirectory = "mkdir ";
    private const string NoSpace = "no space left on device";

    // Shims answer wrong states with bare strings and the code Unknown. Those of missing objects are
    // what moby's wrapError maps; the rest were seen from containerd-shim-runc-v2 and runc.
    private static readonly (string Text, CtrErrorKind Kind)[] s_messages =
    [
        (NoSpace, CtrErrorKind.ResourceExhausted),
        ("container does not exist", CtrErrorKind.NotFound),
        ("not found", CtrErrorKind.NotFound),
        ("no such container", CtrErrorKind.NotFound),
        ("already exists", CtrErrorKind.AlreadyExists),
        ("file exists", CtrErrorKind.AlreadyExists),
        ("context deadline exceeded", CtrErrorKind.DeadlineExceeded),
        ("cannot allocate memory", CtrErrorKind.ResourceExhausted),
        ("cannot ", CtrErrorKind.FailedPrecondition),
        ("must be stopped before deletion", CtrErrorKind.FailedPrecondition),
        ("container not running", CtrErrorKind.FailedPrecondition),
        ("process already finished", CtrErrorKind.NotFound),
        ("failed parsing subscription filters", CtrErrorKind.InvalidArgument),
    ];

    // The shim's words, and runc's where the shim does not know: its own "runc start" ended with a daemon that was killed.
    private static readonly string[] s_started = ["cannot start a running", "cannot start an already running"];

    private static readonly string[] s_notRunning =
        ["stopped container", "stopped state", "has stopped", "container not running", "is not running"];

    public static CtrException Translate(RpcException error, Resource resource, string @namespace, ContainerdAddress address)
    {
        CtrErrorKind kind = KindOf(error);
        if (FindSocketError(error) is { } socket && kind == CtrErrorKind.Unavailable)
        {
            return ConnectionFailed(socket, address, error);
        }

        string detail = WithoutCode(error.Status.Detail);
        if (kind == CtrErrorKind.FailedPrecondition && resource.Kind is "Task" or "Exec" && resource.Id is { } process && StateError(process, detail, error) is { } state)
        {
            return state;
        }

        if (kind == CtrErrorKind.AlreadyExists && resource.Kind == "Task" && detail.Contains(MakeDirectory, StringComparison.Ordinal))
        {
            return TaskDirectoryLeft(resource, detail, error);
        }

        if (kind == CtrErrorKind.ResourceExhausted && detail.Contains(NoSpace, StringComparison.Ordinal))
        {
            return DiskFull(resource, address, error);
        }

        if (KnownFailure.Find(detail) is { } known)
        {
            return new CtrException(
                known.Kind, known.ErrorId ?? ErrorId(known.Kind, resource), $"{Subject(resource)}: {detail}", resource.Id ?? address.ToString(), known.Advice, error);
        }

        resource = kind == CtrErrorKind.NotFound ? WhatIsMissing(resource, detail) : resource;
        return new CtrException(
            kind,
            ErrorId(kind, resource),
            Describe(kind, resource, @namespace, address, detail),
            resource.Id ?? address.ToString(),
            RecommendedAction(kind, resource),
            error);
    }

    /// <summary>For a call on a connection that this side has closed, before or meanwhile.</summary>
    public static CtrException ConnectionClosed(ContainerdAddress address, Exception cause) => new(
        CtrErrorKind.Unavailable,
        "ConnectionClosed",
        $"The connection to {address} was closed by Disconnect-Ctr, or by disposing its client.",
        address.ToString(),
        "Open a new one with Connect-Ctr.",
        cause);

    private static CtrException DiskFull(Resource resource, ContainerdAddress address, RpcException error) => new(
        CtrErrorKind.ResourceExhausted,
        "DiskFull",
        $"A disk of the daemon at {address} is full: {error.Status.Detail}",
        resource.Id ?? address.ToString(),
        "Make room under the daemon's root directory: Remove-CtrImage and Remove-CtrContainer free what nothing else uses.",
        error);

    private static CtrException TaskDirectoryLeft(Resource resource, string detail, RpcException error) => new(
        CtrErrorKind.AlreadyExists,
        "TaskDirectoryLeft",
        $"Container '{resource.Id}' gets no task: containerd has left the directory of an earlier one that it does not know any more. {detail}",
        resource.Id,
        "Start containerd again. Where that does not help (containerd issue 11071), remove that directory on the daemon's host.",
        error);

    private static CtrErrorKind KindOf(RpcException error) => error.Status.StatusCode switch
    {
        StatusCode.NotFound => CtrErrorKind.NotFound,
        StatusCode.AlreadyExists => CtrErrorKind.AlreadyExists,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => CtrErrorKind.InvalidArgument,
        StatusCode.FailedPrecondition or StatusCode.Aborted => CtrErrorKind.FailedPrecondition,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated => CtrErrorKind.PermissionDenied,
        StatusCode.Unavailable => CtrErrorKind.Unavailable,
        StatusCode.DeadlineExceeded => CtrErrorKind.DeadlineExceeded,
        StatusCode.ResourceExhausted => CtrErrorKind.ResourceExhausted,
        StatusCode.Unimplemented => CtrErrorKind.Unimplemented,
        StatusCode.Cancelled => CtrErrorKind.Cancelled,
        StatusCode.Unknown => FromMessage(error.Status.Detail),
        _ => CtrErrorKind.Unknown,
    };

    private static CtrErrorKind FromMessage(string detail)
    {
        foreach ((string text, CtrErrorKind kind) in s_messages)
        {
            if (detail.Contains(text, StringComparison.Ordinal))
            {
                return kind;
            }
        }

        return CtrErrorKind.Unknown;
    }

    /// <summary>A call about an exec fails without its task, and one about a task without its container: the text alone tells.</summary>
    private static Resource WhatIsMissing(Resource resource, string detail)
    {
        if (resource.Kind is not ("Task" or "Exec") || resource.Id is null)
        {
            return resource;
        }

        string container = resource.Id.Split('/')[0];
        return detail.StartsWith("container ", StringComparison.Ordinal) ? Resource.Container(container)
            : detail.StartsWith("task ", StringComparison.Ordinal) ? Resource.Task(container)
            : resource;
    }

    /// <summary>The two states of a task that people run into, told from others by the shim's own words.</summary>
    private static CtrException? StateError(string process, string detail, RpcException error)
    {
        string container = process.Split('/')[0];
        if (s_notRunning.Any(text => detail.Contains(text, StringComparison.Ordinal)))
        {
            return new CtrException(
                CtrErrorKind.FailedPrecondition,
                "TaskNotRunning",
                $"Container '{container}' is not running: its task has ended. {detail}",
                container,
                "Start-CtrTask starts a new one.",
                error);
        }

        return s_started.Any(text => detail.Contains(text, StringComparison.Ordinal))
            ? new CtrException(
                CtrErrorKind.FailedPrecondition,
                "TaskAlreadyStarted",
                $"The process '{process}' was started already.",
                process,
                "Remove-CtrTask -Force ends and removes it.",
                error)
            : null;
    }

    private static string Subject(Resource resource) => resource.Id is null ? resource.Kind : $"{resource.Kind} '{resource.Id}'";

    /// <summary>The daemon's words alone: it ends them with the name of a code that tells nothing, and runc with a new line.</summary>
    private static string WithoutCode(string detail)
    {
        const string unknown = ": unknown";
        string text = detail.TrimEnd();
        return text.EndsWith(unknown, StringComparison.Ordinal) ? text[..^unknown.Length].TrimEnd() : text;
    }

    private static string ErrorId(CtrErrorKind kind, Resource resource) => kind switch
    {
        CtrErrorKind.Unavailable => "DaemonUnavailable",
        CtrErrorKind.DeadlineExceeded => "DaemonTimeout",
        CtrErrorKind.Unimplemented => "NotImplementedByDaemon",
        CtrErrorKind.FailedPrecondition => $"{resource.Kind}StateInvalid",
        CtrErrorKind.InvalidArgument => $"{resource.Kind}RequestInvalid",
        CtrErrorKind.Unknown => $"{resource.Kind}CallFailed",
        _ => $"{resource.Kind}{kind}",
    };

    private static string Describe(
        CtrErrorKind kind, Resource resource, string @namespace, ContainerdAddress address, string detail)
    {
        string subject = Subject(resource);
        return kind switch
        {
            CtrErrorKind.NotFound when resource.Kind == "Task" => $"Container '{resource.Id}' in namespace '{@namespace}' is not running: it has no task.",
            CtrErrorKind.NotFound when !detail.EndsWith("not found", StringComparison.Ordinal) => $"{subject} in namespace '{@namespace}': {detail}",
            CtrErrorKind.NotFound => $"{subject} was not found in namespace '{@namespace}'.",
            CtrErrorKind.AlreadyExists when detail.Contains("file exists", StringComparison.Ordinal) => $"{subject} exists already in namespace '{@namespace}': {detail}",
            CtrErrorKind.AlreadyExists => $"{subject} exists already in namespace '{@namespace}'.",
            CtrErrorKind.Unavailable => $"The daemon at {address} cannot be reached: {detail}",
            CtrErrorKind.DeadlineExceeded when resource.Id is null => $"The daemon at {address} did not answer in time.",
            CtrErrorKind.DeadlineExceeded => $"The daemon at {address} did not answer in time ({subject}).",
            CtrErrorKind.Unimplemented => $"The daemon at {address} does not offer this call; it needs a newer containerd. {detail}",
            _ => $"{subject}: {detail}",
        };
    }

    private static string? RecommendedAction(CtrErrorKind kind, Resource resource) => (kind, resource.Kind) switch
    {
        (CtrErrorKind.NotFound, "Image") => "Import-CtrImage loads an image from an archive; Get-CtrImage lists those that are there.",
        (CtrErrorKind.NotFound, "Container") => "Get-CtrContainer lists the containers; -Namespace chooses another namespace.",
        (CtrErrorKind.NotFound, "Task") => "Get-CtrTask lists the tasks; Start-CtrTask starts one.",
        (CtrErrorKind.AlreadyExists, "Container") => "Choose another -Id, or remove the old one with Remove-CtrContainer.",
        (CtrErrorKind.AlreadyExists, "Exec") => "Choose another -ExecId, or remove the other exec with Remove-CtrTask.",
        (CtrErrorKind.AlreadyExists, "Snapshot") => "New-CtrContainer -SnapshotKey uses a snapshot that is there.",
        (CtrErrorKind.DeadlineExceeded, "Task" or "Exec") =>
            "Get-CtrTask tells whether the task's shim answers. Where it does, give the call more time with -TimeoutSec; where it does "
            + "not, the process containerd-shim-runc-v2 with the container's id hangs, and killing that ends the task.",
        (CtrErrorKind.DeadlineExceeded, _) => "Give the call more time with -TimeoutSec (0: no limit), and check the daemon with Test-CtrConnection.",
        (CtrErrorKind.Unavailable, _) => "Check that containerd runs and that -Address names its socket.",
        _ => null,
    };

    private static SocketException? FindSocketError(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is SocketException socket)
            {
                return socket;
            }
        }

        return null;
    }

    private static CtrException ConnectionFailed(SocketException socket, ContainerdAddress address, RpcException error) =>
        socket.SocketErrorCode switch
        {
            SocketError.AccessDenied => new CtrException(
                CtrErrorKind.PermissionDenied,
                "SocketAccessDenied",
                $"The socket of the daemon at {address} may not be opened by this user.",
                address.ToString(),
                "Run as root, or as a member of the group that owns the socket.",
                error),
            SocketError.AddressNotAvailable when address.Kind == ContainerdAddressKind.UnixSocket => new CtrException(
                CtrErrorKind.Unavailable,
                "DaemonUnavailable",
                $"There is no socket at {address}.",
                address.ToString(),
                "Start containerd, or name its socket with -Address or the environment variable CONTAINERD_ADDRESS.",
                error),
            SocketError.ConnectionRefused => new CtrException(
                CtrErrorKind.Unavailable,
                "DaemonUnavailable",
                $"Nothing listens at {address}.",
                address.ToString(),
                "Start containerd, or name its socket with -Address or the environment variable CONTAINERD_ADDRESS.",
                error),
            _ => new CtrException(
                CtrErrorKind.Unavailable,
                "DaemonUnavailable",
                $"The daemon at {address} cannot be reached: {socket.Message}",
                address.ToString(),
                "Check that containerd runs and that -Address names its socket.",
                error),
        };
}
