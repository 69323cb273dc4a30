using System.Net.Sockets;

namespace Containerd.Client.Connections;

/// <summary>Streams over a unix socket.</summary>
internal sealed class UnixSocketTransport(string path)
{
    /// <exception cref="SocketException">AccessDenied, ConnectionRefused, or AddressNotAvailable when there is no socket.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
