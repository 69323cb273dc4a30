using System.Net.Http;
using Google.Protobuf;

namespace Containerd.Client.Grpc;

/// <summary>Says in gRPC's codes what went wrong below gRPC.</summary>
internal static class TransportFailure
{
    /// <summary>Whether the exception comes from the connection or the peer, and not from a mistake in this program.</summary>
    /// <remarks>
    /// What ends a connection is thrown as it is at a request that waits to be written, and that may be of a type that
    /// HTTP's assembly keeps to itself, such as HPackDecodingException.
    /// </remarks>
    public static bool Covers(Exception exception) =>
        exception is IOException or OperationCanceledException or ObjectDisposedException
        || exception.GetType().Assembly == typeof(HttpRequestException).Assembly;

    /// <summary>Whether no connection was made, so that the server cannot have seen the request.</summary>
    public static bool IsConnectFailure(Exception exception) => exception switch
    {
        HttpRequestException http => http.HttpRequestError
            is HttpRequestError.ConnectionError
            or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError,
        OperationCanceledException { InnerException: TimeoutException } => true,
        _ => false,
    };

    public static RpcException ToRpcException(Exception exception) => new(StatusOf(exception), exception);

    private static Status StatusOf(Exception exception)
    {
        var cause = exception is HttpRequestException { InnerException: { } inner } ? inner : exception;
        return cause switch
        {
            HttpProtocolException protocol => new(FromHttp2(protocol.ErrorCode), protocol.Message),
            InvalidProtocolBufferException => new(StatusCode.Internal, $"The server sent a message that cannot be read: {cause.Message}"),
            OperationCanceledException { InnerException: TimeoutException } => new(StatusCode.Unavailable, "Connecting to the server took too long."),
            OperationCanceledException => new(StatusCode.Cancelled, "The server ended the call before it had read every message."),
            _ => new(StatusCode.Unavailable, cause.Message),
        };
    }

    // gRPC core, doc/PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping: Errors". The codes are those of RFC 9113, section 7.
    private static StatusCode FromHttp2(long errorCode) => errorCode switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM
        0x8 => StatusCode.Cancelled, // CANCEL
        0xb => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        <= 0xa => StatusCode.Internal,
        _ => StatusCode.Unknown,
    };
}
