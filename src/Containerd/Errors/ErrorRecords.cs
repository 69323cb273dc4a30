using System.Management.Automation;

namespace Containerd.PowerShell.Errors;

/// <summary>Makes PowerShell's error records from the client's errors.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(Exception error)
    {
        if ((error as CtrException ?? Explain(error)) is not { } e)
        {
            return new ErrorRecord(error, "UnexpectedError", ErrorCategory.NotSpecified, null);
        }

        var record = new ErrorRecord(e, e.ErrorId, CategoryOf(e.Kind), e.Target);
        if (e.RecommendedAction is not null)
        {
            record.ErrorDetails = new ErrorDetails(e.Message) { RecommendedAction = e.RecommendedAction };
        }

        return record;
    }

    /// <summary>For something on this machine that is not there.</summary>
    /// <param name="error">What the engine says of it.</param>
    /// <param name="errorId">The stable name of the error.</param>
    /// <param name="path">The path as it was typed.</param>
    public static ErrorRecord NotFound(Exception error, string errorId, string path) =>
        From(new CtrException(CtrErrorKind.NotFound, errorId, error.Message, path, null, error));

    /// <summary>For parameters that exclude each other, or need each other.</summary>
    /// <param name="errorId">The stable name of the error.</param>
    /// <param name="message">A sentence that says what is wanted.</param>
    public static ErrorRecord InvalidArgument(string errorId, string message) =>
        From(new CtrException(CtrErrorKind.InvalidArgument, errorId, message));

    private static CtrException? Explain(Exception error)
    {
        (string? id, CtrErrorKind kind) = error switch
        {
            // The parsers of what people type refuse with these; their messages say what is allowed.
            FormatException or ArgumentException => ("InvalidArgument", CtrErrorKind.InvalidArgument),
            UnauthorizedAccessException => ("FileAccessDenied", CtrErrorKind.PermissionDenied),
            FileNotFoundException or DirectoryNotFoundException => ("FileNotFound", CtrErrorKind.NotFound),
            IOException => ("FileFailed", CtrErrorKind.Unknown),
            _ => (null, CtrErrorKind.Unknown),
        };
        return id is null ? null : new CtrException(kind, id, error.Message, null, null, error);
    }

    private static ErrorCategory CategoryOf(CtrErrorKind kind) => kind switch
    {
        CtrErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        CtrErrorKind.AlreadyExists => ErrorCategory.ResourceExists,
        CtrErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        CtrErrorKind.FailedPrecondition => ErrorCategory.InvalidOperation,
        CtrErrorKind.PermissionDenied => ErrorCategory.PermissionDenied,
        CtrErrorKind.Unavailable => ErrorCategory.ConnectionError,
        CtrErrorKind.DeadlineExceeded => ErrorCategory.OperationTimeout,
        CtrErrorKind.ResourceExhausted => ErrorCategory.LimitsExceeded,
        CtrErrorKind.Unimplemented => ErrorCategory.NotImplemented,
        CtrErrorKind.Cancelled => ErrorCategory.OperationStopped,
        _ => ErrorCategory.NotSpecified,
    };
}
