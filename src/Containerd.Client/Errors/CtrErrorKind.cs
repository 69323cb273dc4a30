namespace Containerd;

/// <summary>What went wrong, independent of the call: containerd's errdefs, as gRPC carries them.</summary>
public enum CtrErrorKind
{
    /// <summary>Anything that fits no other kind (gRPC Unknown, Internal, DataLoss).</summary>
    Unknown,

    /// <summary>The object does not exist (gRPC NotFound).</summary>
    NotFound,

    /// <summary>An object of that name exists already (gRPC AlreadyExists).</summary>
    AlreadyExists,

    /// <summary>The request is not well formed; raised here before a call, or by the daemon (gRPC InvalidArgument, OutOfRange).</summary>
    InvalidArgument,

    /// <summary>The object is in a state that does not allow the call (gRPC FailedPrecondition, Aborted).</summary>
    FailedPrecondition,

    /// <summary>The caller may not do this (gRPC PermissionDenied, Unauthenticated, or a socket that may not be opened).</summary>
    PermissionDenied,

    /// <summary>The daemon cannot be reached, or went away during the call (gRPC Unavailable).</summary>
    Unavailable,

    /// <summary>The time given to the call is over (gRPC DeadlineExceeded).</summary>
    DeadlineExceeded,

    /// <summary>A limit was reached: message size, quota, disk (gRPC ResourceExhausted).</summary>
    ResourceExhausted,

    /// <summary>This daemon does not offer the call (gRPC Unimplemented).</summary>
    Unimplemented,

    /// <summary>The daemon gave the call up (gRPC Cancelled) though the caller did not.</summary>
    Cancelled,
}
