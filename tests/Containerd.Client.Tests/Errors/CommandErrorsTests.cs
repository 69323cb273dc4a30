using Containerd.Client.Grpc;

namespace Containerd.Client.Tests.Errors;

public sealed class CommandErrorsTests
{
    [Theory]
    [InlineData("nope", "OCI runtime create failed: runc create failed: unable to start container process: exec: \"nope\": executable file not found in $PATH: unknown", "CommandNotFound")]
    [InlineData("/bin/nope", "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/bin/nope\": stat /bin/nope: no such file or directory: unknown", "CommandNotFound")]
    [InlineData("/etc/passwd", "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/etc/passwd\": permission denied: unknown", "CommandNotExecutable")]
    [InlineData("/etc", "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/etc\": is a directory: unknown", "CommandNotExecutable")]
    public void The_runtimes_text_tells_a_command_that_cannot_be_run(string program, string detail, string errorId)
    {
        var error = Assert.IsType<CtrException>(CommandErrors.Explain(Translated(detail), "web", [program, "argument"]));

        Assert.Equal((errorId, program), (error.ErrorId, error.Target));
        Assert.Contains($"'{program}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'web'", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.RecommendedAction);
    }

    [Theory]
    [InlineData("sleep 1000", "-Command 'sleep', '1000'.")]
    [InlineData("sh -c 'echo hi'", "Name a program")]
    public void A_whole_line_in_the_place_of_a_program_is_taken_apart_by_the_advice_where_it_can_be(string line, string advice)
    {
        var failed = Translated($"OCI runtime create failed: exec: \"{line}\": executable file not found in $PATH: unknown");

        var error = Assert.IsType<CtrException>(CommandErrors.Explain(failed, "web", [line]));

        Assert.Contains(advice, error.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OCI runtime create failed: unable to apply cgroup configuration: no such file or directory")]
    [InlineData("exec: \"other\": stat other: no such file or directory")]
    [InlineData("task web not found: not found")]
    public void Other_errors_pass_as_they_are(string detail)
    {
        var error = Translated(detail);

        Assert.Same(error, CommandErrors.Explain(error, "web", ["nope"]));
    }

    [Fact]
    public void A_cancellation_passes_as_it_is()
    {
        var error = new OperationCanceledException();

        Assert.Same(error, CommandErrors.Explain(error, "web", ["nope"]));
    }

    private static CtrException Translated(string detail) => ErrorTranslation.Translate(
        new RpcException(new Status(StatusCode.Unknown, detail)), Resource.Exec("web/e1"), "ns", ContainerdAddress.Parse("/run/c.sock"));
}
