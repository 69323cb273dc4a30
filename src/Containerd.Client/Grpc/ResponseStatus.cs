using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Containerd.Client.Grpc;

/// <summary>Reads the status that a response carries, or that its HTTP status stands for.</summary>
internal static class ResponseStatus
{
    private const string ContentType = "application/grpc";

    /// <summary>The status of a response that ends with its headers, or null when messages may follow.</summary>
    public static Status? FromHeaders(HttpResponseMessage response)
    {
        if (TryParse(response.Headers, out var status))
        {
            return status;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Status(
                FromHttp(response.StatusCode), $"The server answered HTTP {(int)response.StatusCode} without a gRPC status.");
        }

        return response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type) && IsGrpc(type.ToString())
            ? null
            : new Status(StatusCode.Unknown, $"The server does not speak gRPC: content type '{type}'.");
    }

    /// <summary>The status in the trailers; only there once the body was read to its end.</summary>
    public static Status FromTrailers(HttpResponseMessage response) =>
        TryParse(response.TrailingHeaders, out var status)
            ? status
            : new Status(StatusCode.Unknown, "The server ended the call without a status.");

    private static bool TryParse(HttpHeaders headers, out Status status)
    {
        status = default;
        if (!headers.NonValidated.TryGetValues("grpc-status", out var code))
        {
            return false;
        }

        var detail = headers.NonValidated.TryGetValues("grpc-message", out var message)
            ? PercentEncoding.Decode(message.ToString())
            : "";
        var known = int.TryParse(code.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value <= (int)StatusCode.Unauthenticated;
        status = new Status(known ? (StatusCode)value : StatusCode.Unknown, detail);
        return true;
    }

    private static bool IsGrpc(string type) =>
        type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';');

    // gRPC core, doc/http-grpc-status-mapping.md.
    private static StatusCode FromHttp(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests
            or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable
            or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };
}
