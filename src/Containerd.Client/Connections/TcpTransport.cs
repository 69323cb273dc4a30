using System.Net.Sockets;

namespace Containerd.Client.Connections;

/// <summary>Streams over TCP, as they are.</summary>
internal sealed class TcpTransport(string host, int port)
{
    /// <exception cref="SocketException">The host cannot be found or reached, or refuses.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
