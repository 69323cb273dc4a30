namespace Containerd.Client.Grpc;

/// <summary>A call that ended with another status than <see cref="StatusCode.OK"/>.</summary>
internal sealed class RpcException : Exception
{
    private const string StatusDetailsKey = "grpc-status-details-bin";

    public RpcException(Status status, Exception? innerException = null)
        : this(status, Metadata.Empty, innerException)
    {
    }

    public RpcException(Status status, Metadata trailers, Exception? innerException = null)
        : base($"{status.StatusCode}: {status.Detail}", innerException)
    {
        Status = status;
        Trailers = trailers;
    }

    public Status Status { get; }

    public StatusCode StatusCode => Status.StatusCode;

    public Metadata Trailers { get; }

    /// <summary>The serialized google.rpc.Status that the server sent, or null.</summary>
    public byte[]? StatusDetails => Trailers.GetValueBytes(StatusDetailsKey);
}
