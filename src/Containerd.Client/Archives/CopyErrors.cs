using System.Runtime.InteropServices;
using Containerd.Client.IO;

namespace Containerd.Client.Archives;

/// <summary>What failed at a copy.</summary>
internal static class CopyErrors
{
    public static CtrException NotFound(CopyPlace place) =>
        new(CtrErrorKind.NotFound, "PathNotFound", $"There is no file or directory '{place}'.", place.ToString());

    public static CtrException NoDirectory(CopyPlace place) => new(
        CtrErrorKind.NotFound, "PathNotFound", $"There is no directory to copy to '{place}'.", place.ToString(), "Make the directory above it first.");

    public static CtrException IntoItself(CopyPlace source, CopyPlace destination) => new(
        CtrErrorKind.FailedPrecondition,
        "CopyIntoItself",
        $"'{destination}' lies in '{source}', which would be copied into itself without end.",
        destination.ToString(),
        "Copy it to a place beside it.");

    public static CtrException NotDirectory(CopyPlace place, Exception? cause = null) => new(
        CtrErrorKind.FailedPrecondition, "DestinationNotDirectory", $"A file is where a directory must be: '{place}'.", place.ToString(), null, cause);

    /// <summary>Gives a failure of the file system, or of the tar, a kind.</summary>
    public static CtrException Explain(Exception error, string what, string target)
    {
        int number = error is IOException ? error.HResult : 0;
        if (number is Libc.NotDirectory or Libc.IsDirectory)
        {
            return new CtrException(
                CtrErrorKind.FailedPrecondition,
                number == Libc.NotDirectory ? "DestinationNotDirectory" : "DestinationIsDirectory",
                $"Cannot copy {what}: {error.Message}",
                target,
                null,
                error);
        }

        CtrErrorKind kind =
            error is UnauthorizedAccessException || number is Libc.PermissionDenied or Libc.NotPermitted ? CtrErrorKind.PermissionDenied
            : number == Libc.NoSpace ? CtrErrorKind.ResourceExhausted
            : CtrErrorKind.Unknown;

        // .NET's own messages name the open handle, which says nothing to a reader.
        string why = error is UnauthorizedAccessException ? Marshal.GetPInvokeErrorMessage(Libc.PermissionDenied)
            : error.Message.Contains("/proc/self/fd/", StringComparison.Ordinal) && number > 0 ? Marshal.GetPInvokeErrorMessage(number)
            : error.Message;
        return new CtrException(kind, "CopyFailed", $"Cannot copy {what}: {why}", target, null, error);
    }
}
