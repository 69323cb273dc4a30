namespace Containerd.Client;

/// <summary>Tells failures after which nobody here knows whether the daemon has done what it was asked.</summary>
internal static class UnknownOutcome
{
    /// <summary>Whether what was asked for may have happened all the same, now or in a moment, so that it must be taken back.</summary>
    public static bool MayHaveHappened(this Exception error) => error
        is OperationCanceledException
        or CtrException { Kind: CtrErrorKind.DeadlineExceeded or CtrErrorKind.Unavailable or CtrErrorKind.Cancelled };
}
