using System.Management.Automation;

namespace Containerd.PowerShell.Errors;

/// <summary>Makes PowerShell's error records from the client's errors.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(Exception error)
    {
        if (error is not CtrException e)
        {
            (string id, ErrorCategory category) = error switch
            {
                // The parsers of what people type refuse with these; their messages say what is allowed.
                FormatException or ArgumentException => ("InvalidArgument", ErrorCategory.InvalidArgument),
                UnauthorizedAccessException => ("FileAccessDenied", ErrorCategory.PermissionDenied),
                FileNotFoundException or DirectoryNotFoundException => ("FileNotFound", ErrorCategory.ObjectNotFound),
                IOException => ("FileFailed", ErrorCategory.NotSpecified),
                _ => ("UnexpectedError", ErrorCategory.NotSpecified),
            };
            return new ErrorRecord(error, id, category, null);
        }

        var record = new ErrorRecord(e, e.ErrorId, CategoryOf(e.Kind), e.Target);
        if (e.RecommendedAction is not null)
        {
            record.ErrorDetails = new ErrorDetails(e.Message) { RecommendedAction = e.RecommendedAction };
        }

        return record;
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
