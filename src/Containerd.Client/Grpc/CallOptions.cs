namespace Containerd.Client.Grpc;

/// <summary>What one call is given besides its message.</summary>
/// <param name="Headers">Metadata sent with the request.</param>
/// <param name="Timeout">The deadline, counted from the call's start; null or infinite: none.</param>
/// <param name="WaitForReady">Whether to wait, until deadline or cancellation, for a server that cannot be reached yet.</param>
/// <param name="CancellationToken">Ends the call and resets its stream.</param>
internal readonly record struct CallOptions(
    Metadata? Headers = null,
    TimeSpan? Timeout = null,
    bool WaitForReady = false,
    CancellationToken CancellationToken = default);
