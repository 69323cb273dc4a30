using System.Net.Sockets;
using Containerd.Client.Grpc;

namespace Containerd.Client.Tests.Grpc;

/// <summary>A channel to a unix socket, with nothing of Connections in it.</summary>
internal static class TestChannel
{
    public static GrpcChannel Open(string socketPath, GrpcChannelOptions? options = null) =>
        new(new Uri("http://localhost"), token => ConnectAsync(socketPath, token), options);

    public static async ValueTask<Stream> ConnectAsync(string socketPath, CancellationToken cancellationToken) =>
        new NetworkStream(await ConnectSocketAsync(socketPath, cancellationToken), ownsSocket: true);

    public static async ValueTask<Socket> ConnectSocketAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
