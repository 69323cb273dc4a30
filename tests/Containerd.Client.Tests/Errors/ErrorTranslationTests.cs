using System.Net.Sockets;
using Containerd.Client.Grpc;

namespace Containerd.Client.Tests.Errors;

public sealed class ErrorTranslationTests
{
    private static readonly ContainerdAddress s_address = ContainerdAddress.Parse("/run/containerd/containerd.sock");

    [Theory]
    [InlineData(nameof(StatusCode.NotFound), CtrErrorKind.NotFound, "ImageNotFound")]
    [InlineData(nameof(StatusCode.AlreadyExists), CtrErrorKind.AlreadyExists, "ImageAlreadyExists")]
    [InlineData(nameof(StatusCode.InvalidArgument), CtrErrorKind.InvalidArgument, "ImageRequestInvalid")]
    [InlineData(nameof(StatusCode.OutOfRange), CtrErrorKind.InvalidArgument, "ImageRequestInvalid")]
    [InlineData(nameof(StatusCode.FailedPrecondition), CtrErrorKind.FailedPrecondition, "ImageStateInvalid")]
    [InlineData(nameof(StatusCode.Aborted), CtrErrorKind.FailedPrecondition, "ImageStateInvalid")]
    [InlineData(nameof(StatusCode.PermissionDenied), CtrErrorKind.PermissionDenied, "ImagePermissionDenied")]
    [InlineData(nameof(StatusCode.Unauthenticated), CtrErrorKind.PermissionDenied, "ImagePermissionDenied")]
    [InlineData(nameof(StatusCode.Unavailable), CtrErrorKind.Unavailable, "DaemonUnavailable")]
    [InlineData(nameof(StatusCode.DeadlineExceeded), CtrErrorKind.DeadlineExceeded, "DaemonTimeout")]
    [InlineData(nameof(StatusCode.ResourceExhausted), CtrErrorKind.ResourceExhausted, "ImageResourceExhausted")]
    [InlineData(nameof(StatusCode.Unimplemented), CtrErrorKind.Unimplemented, "NotImplementedByDaemon")]
    [InlineData(nameof(StatusCode.Cancelled), CtrErrorKind.Cancelled, "ImageCancelled")]
    [InlineData(nameof(StatusCode.Internal), CtrErrorKind.Unknown, "ImageCallFailed")]
    [InlineData(nameof(StatusCode.Unknown), CtrErrorKind.Unknown, "ImageCallFailed")]
    public void Each_status_has_its_kind_and_its_stable_id(string code, CtrErrorKind kind, string errorId)
    {
        var error = Translate(Enum.Parse<StatusCode>(code), "the daemon's words", Resource.Image("busybox"));

        Assert.Equal((kind, errorId), (error.Kind, error.ErrorId));
        Assert.Equal("busybox", error.Target);
        Assert.IsType<RpcException>(error.InnerException);
    }

    [Fact]
    public void Where_a_task_gets_no_answer_the_advice_looks_at_its_shim()
    {
        var error = Translate(StatusCode.DeadlineExceeded, "late", Resource.Task("web"));

        Assert.Contains("containerd-shim", error.RecommendedAction, StringComparison.Ordinal);
        Assert.Contains("Get-CtrTask", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("container does not exist", CtrErrorKind.NotFound)]
    [InlineData("process already finished: unknown", CtrErrorKind.NotFound)]
    [InlineData("cannot pause a stopped container: unknown", CtrErrorKind.FailedPrecondition)]
    [InlineData("task must be stopped before deletion: running", CtrErrorKind.FailedPrecondition)]
    [InlineData("file already exists", CtrErrorKind.AlreadyExists)]
    [InlineData("failed to start shim: mkdir /run/web: file exists: unknown", CtrErrorKind.AlreadyExists)]
    [InlineData("context deadline exceeded: unknown", CtrErrorKind.DeadlineExceeded)]
    [InlineData("fork/exec /usr/bin/runc: cannot allocate memory: unknown", CtrErrorKind.ResourceExhausted)]
    [InlineData("something else", CtrErrorKind.Unknown)]
    public void A_shims_bare_text_tells_the_kind(string detail, CtrErrorKind kind) =>
        Assert.Equal(kind, Translate(StatusCode.Unknown, detail, Resource.Container("web")).Kind);

    [Theory]
    [InlineData("Task", "web", "container \"web\" in namespace \"default\": not found", "ContainerNotFound", "web")]
    [InlineData("Task", "web", "task web not found: not found", "TaskNotFound", "web")]
    [InlineData("Task", "web", "no running task found: task web not found: not found", "TaskNotFound", "web")]
    [InlineData("Exec", "web/e1", "container \"web\" in namespace \"default\": not found", "ContainerNotFound", "web")]
    [InlineData("Exec", "web/e1", "task web not found: not found", "TaskNotFound", "web")]
    [InlineData("Exec", "web/e1", "process e1 not found: not found", "ExecNotFound", "web/e1")]
    [InlineData("Image", "web", "container \"web\": not found", "ImageNotFound", "web")]
    public void What_is_missing_is_named(string kind, string id, string detail, string errorId, string target)
    {
        var error = Translate(StatusCode.NotFound, detail, new Resource(kind, id));

        Assert.Equal((errorId, target), (error.ErrorId, error.Target));
        Assert.Contains($"'{target}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'ns'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketError.AccessDenied, CtrErrorKind.PermissionDenied, "SocketAccessDenied")]
    [InlineData(SocketError.ConnectionRefused, CtrErrorKind.Unavailable, "DaemonUnavailable")]
    [InlineData(SocketError.AddressNotAvailable, CtrErrorKind.Unavailable, "DaemonUnavailable")]
    public void A_socket_that_cannot_be_opened_says_why_and_what_to_do(SocketError socket, CtrErrorKind kind, string errorId)
    {
        var cause = new RpcException(new Status(StatusCode.Unavailable, "connect"), new IOException("", new SocketException((int)socket)));

        var error = ErrorTranslation.Translate(cause, Resource.Task("web"), "ns", s_address);

        Assert.Equal((kind, errorId), (error.Kind, error.ErrorId));
        Assert.Contains("/run/containerd/containerd.sock", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.RecommendedAction);
    }

    [Fact]
    public void A_refusal_that_is_known_keeps_the_daemons_words_and_adds_advice()
    {
        var error = Translate(
            StatusCode.Unknown, "OCI runtime create failed: container with given ID already exists: unknown", Resource.Task("web"));

        Assert.Equal((CtrErrorKind.AlreadyExists, "TaskAlreadyExists"), (error.Kind, error.ErrorId));
        Assert.Equal("Task 'web': OCI runtime create failed: container with given ID already exists", error.Message);
        Assert.Contains("two containerd", error.RecommendedAction, StringComparison.Ordinal);
    }

    private static CtrException Translate(StatusCode code, string detail, Resource resource) =>
        ErrorTranslation.Translate(new RpcException(new Status(code, detail)), resource, "ns", s_address);
}
