# A unix socket on which something listens that is not containerd, for tests that dot-source this file.
if (-not ('FaultSocket' -as [type])) {
    Add-Type -TypeDefinition @'
using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

// Never answers; or sends an answer and closes; or passes everything on to another socket until it is frozen, which
// it can do itself where a client sends a text: what holds the text is not passed on any more.
public sealed class FaultSocket : IDisposable
{
    private readonly Socket _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _open = new List<Socket>();
    private readonly StringBuilder _received = new StringBuilder();
    private readonly string _answer;
    private readonly string _relay;
    private readonly string _freezeAt;
    private volatile bool _frozen;

    public FaultSocket(string answer, string relay, string freezeAt)
    {
        _answer = answer;
        _relay = relay;
        _freezeAt = freezeAt;
        Path = System.IO.Path.Combine(Directory.CreateTempSubdirectory("fault-").FullName, "x.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(16);
        _ = AcceptAsync();
    }

    public string Path { get; }

    public int Connections { get; private set; }

    // From here on bytes are taken and not passed on.
    public void Freeze()
    {
        _frozen = true;
    }

    public void WaitFor(string text, int seconds)
    {
        lock (_received)
        {
            var end = DateTime.UtcNow.AddSeconds(seconds);
            while (!_received.ToString().Contains(text, StringComparison.Ordinal))
            {
                if (DateTime.UtcNow > end)
                {
                    throw new TimeoutException("It did not come: " + text);
                }

                Monitor.Wait(_received, 1000);
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_open)
        {
            _open.ForEach(socket => socket.Dispose());
        }

        Directory.Delete(System.IO.Path.GetDirectoryName(Path), recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync();
                Connections++;
                _ = ServeAsync(Keep(client));
            }
        }
        catch (Exception e) when (e is SocketException || e is ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            if (_relay != null)
            {
                var server = Keep(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified));
                await server.ConnectAsync(new UnixDomainSocketEndPoint(_relay));
                await Task.WhenAll(CopyAsync(client, server, _freezeAt), CopyAsync(server, client, null));
            }
            else if (_answer != null)
            {
                await client.ReceiveAsync(new byte[64], SocketFlags.None);
                await client.SendAsync(Encoding.ASCII.GetBytes(_answer), SocketFlags.None);
                client.Shutdown(SocketShutdown.Send);
            }
            else
            {
                await CopyAsync(client, null, null);
            }
        }
        catch (Exception e) when (e is SocketException || e is ObjectDisposedException)
        {
        }
    }

    private async Task CopyAsync(Socket from, Socket to, string freezeAt)
    {
        var buffer = new byte[65536];
        int count;
        while ((count = await from.ReceiveAsync(buffer, SocketFlags.None)) > 0)
        {
            string text = Encoding.Latin1.GetString(buffer, 0, count);
            if (freezeAt != null && text.Contains(freezeAt, StringComparison.Ordinal))
            {
                _frozen = true;
            }

            if (to != null && !_frozen)
            {
                await to.SendAsync(new ArraySegment<byte>(buffer, 0, count), SocketFlags.None);
            }

            lock (_received)
            {
                _received.Append(text);
                Monitor.PulseAll(_received);
            }
        }
    }

    private Socket Keep(Socket socket)
    {
        lock (_open)
        {
            _open.Add(socket);
        }

        return socket;
    }
}
'@
}

function New-FaultSocket {
    param([object] $Answer = [NullString]::Value, [object] $Relay = [NullString]::Value, [object] $FreezeAt = [NullString]::Value)
    [FaultSocket]::new($Answer, $Relay, $FreezeAt)
}
