using System.Buffers.Binary;
using System.Net.Sockets;

namespace Containerd.Client.Tests.Grpc;

/// <summary>A unix socket whose connections a test answers byte by byte, below what Kestrel lets one do wrong.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private const int PrefaceSize = 24;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Task _served;

    public RawServer(Func<NetworkStream, Task> serve)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        _listener.Listen();
        _served = ServeAsync(serve);
    }

    public string SocketPath { get; } = FaultServer.NewSocketPath();

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await Within.BoundedAsync(_served);
        File.Delete(SocketPath);
    }

    /// <summary>Greets as an HTTP/2 server and reads up to the first request.</summary>
    public static async Task AcceptRequestAsync(NetworkStream stream)
    {
        await stream.ReadExactlyAsync(new byte[PrefaceSize]);
        await WriteFrameAsync(stream, Http2.Settings, 0, []);
        var header = new byte[9];
        do
        {
            await stream.ReadExactlyAsync(header);
            await stream.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]]);
        }
        while (header[3] != Http2.Headers);
    }

    public static async Task GoAwayAsync(NetworkStream stream, int lastStream, int errorCode)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, lastStream);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), errorCode);
        await WriteFrameAsync(stream, Http2.GoAway, 0, payload);
    }

    /// <summary>Answers with a header of the dynamic table, which is empty: that ends the connection (RFC 7541, section 2.3.3).</summary>
    public static Task AnswerUndecodablyAsync(NetworkStream stream, int streamId) =>
        WriteFrameAsync(stream, Http2.Headers, streamId, [0x80 | 62]);

    private static async Task WriteFrameAsync(NetworkStream stream, byte type, int streamId, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame);
    }

    private async Task ServeAsync(Func<NetworkStream, Task> serve)
    {
        try
        {
            while (true)
            {
                await using var stream = new NetworkStream(await _listener.AcceptAsync(), ownsSocket: true);
                await serve(stream);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
        {
            // The test has ended, or its client has.
        }
    }

    private static class Http2
    {
        public const byte Headers = 1, Settings = 4, GoAway = 7;
    }
}
