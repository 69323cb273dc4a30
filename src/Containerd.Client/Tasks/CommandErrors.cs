using Containerd.Client.Grpc;

namespace Containerd.Client;

/// <summary>Tells a command that cannot be run from other failures; runc answers both with text only.</summary>
internal static class CommandErrors
{
    public static Exception Explain(Exception error, string containerId, IReadOnlyList<string> command)
    {
        if (error is not CtrException { Kind: CtrErrorKind.Unknown or CtrErrorKind.NotFound or CtrErrorKind.FailedPrecondition } e || command.Count == 0)
        {
            return error;
        }

        string program = command[0];
        // Of a kind that is known, the message no longer has the runtime's own words.
        string detail = e.InnerException is RpcException call ? call.Status.Detail : e.Message;
        if (detail.Contains("executable file not found in $PATH", StringComparison.Ordinal)
            || (detail.Contains($"exec: \"{program}\"", StringComparison.Ordinal) && detail.Contains("no such file or directory", StringComparison.Ordinal)))
        {
            return new CtrException(
                CtrErrorKind.NotFound,
                "CommandNotFound",
                $"The command '{program}' does not exist in container '{containerId}'.",
                program,
                Recommend(program),
                e);
        }

        return detail.Contains($"exec: \"{program}\": permission denied", StringComparison.Ordinal)
            || detail.Contains($"exec: \"{program}\": is a directory", StringComparison.Ordinal)
            ? new CtrException(
                CtrErrorKind.PermissionDenied,
                "CommandNotExecutable",
                $"The command '{program}' in container '{containerId}' is not an executable file.",
                program,
                "Check the file's mode, and that it is not a directory.",
                e)
            : e;
    }

    private static string Recommend(string program)
    {
        string[] words = program.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length < 2 || program.AsSpan().ContainsAny('\'', '"')
            ? "Name a program that the image has, by its path or by a name found through PATH."
            : $"No shell takes a line apart: give the program and its arguments each by itself, as in -Command {string.Join(", ", words.Select(word => $"'{word}'"))}.";
    }
}
