namespace Containerd.Client.Grpc;

/// <summary>How a call ended: its code and the peer's (or this client's) words for it.</summary>
internal readonly record struct Status(StatusCode StatusCode, string Detail)
{
    public static Status OK => new(StatusCode.OK, "");
}
