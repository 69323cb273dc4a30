using System.Buffers.Binary;
using System.IO.Compression;
using Containerd.Client.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Containerd.Client.Tests.Grpc;

/// <summary>
/// An HTTP/2 server on a unix socket of its own, whose answers are written by hand: what a test registers for a method's
/// name is what the call meets. <c>Echo</c> answers with what it was sent.
/// </summary>
internal sealed class FaultServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, RequestDelegate> _answers = new() { ["Echo"] = EchoAsync };

    private int _connections;
    private int _calls;

    private FaultServer(string socketPath, WebApplication app)
    {
        SocketPath = socketPath;
        _app = app;
        Channel = OpenChannel();
    }

    public string SocketPath { get; }

    public GrpcChannel Channel { get; }

    /// <summary>The connections that are open.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The calls that have begun and not ended, as the server sees them.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public static async Task<FaultServer> StartAsync(string? socketPath = null)
    {
        socketPath ??= NewSocketPath();
        FaultServer server = null!;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ListenUnixSocket(socketPath, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(next => connection => server.CountAsync(next, connection));
            });
        });
        var app = builder.Build();
        server = new FaultServer(socketPath, app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public static string NewSocketPath() => Path.Combine(Path.GetTempPath(), $"grpc-{Guid.NewGuid():N}.sock");

    public GrpcChannel OpenChannel(GrpcChannelOptions? options = null) => TestChannel.Open(SocketPath, options);

    /// <summary>Decides what calls of the method meet.</summary>
    public Method<BytesValue, BytesValue> On(MethodType type, RequestDelegate answer)
    {
        var name = $"Fault{_answers.Count}";
        _answers[name] = answer;
        return Method(type, name);
    }

    /// <summary>Decides what calls of a method of that name meet, such as the health check's, <c>Check</c>.</summary>
    public void On(string name, RequestDelegate answer) => _answers[name] = answer;

    public static Method<BytesValue, BytesValue> Method(MethodType type, string name) =>
        new(type, "/test.Faults/" + name, BytesValue.Parser.Deserialize);

    /// <summary>The proof that a fault has left the channel usable.</summary>
    public async Task AssertNextCallWorksAsync()
    {
        var sent = new BytesValue { Value = ByteString.CopyFromUtf8("still here") };
        Assert.Equal(sent, await Channel.UnaryCallAsync(Method(MethodType.Unary, "Echo"), sent, Within.Guard));
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        File.Delete(SocketPath);
    }

    public static byte[] Frame(ReadOnlySpan<byte> payload, bool compressed = false)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame.AsSpan(5));
        return frame;
    }

    public static byte[] Gzip(byte[] payload)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(payload);
        }

        return output.ToArray();
    }

    /// <summary>A well-formed answer: these bytes, then these trailers.</summary>
    public static async Task AnswerAsync(HttpContext http, byte[] body, string status = "0", params (string Key, string Value)[] trailers)
    {
        http.Response.ContentType = "application/grpc";
        await http.Response.Body.WriteAsync(body);
        http.Response.AppendTrailer("grpc-status", status);
        foreach (var (key, value) in trailers)
        {
            http.Response.AppendTrailer(key, value);
        }
    }

    /// <summary>An answer that is over with its headers.</summary>
    public static Task AnswerTrailersOnly(HttpContext http, string status, params (string Key, string Value)[] headers)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = status;
        foreach (var (key, value) in headers)
        {
            http.Response.Headers[key] = value;
        }

        return Task.CompletedTask;
    }

    /// <summary>Never answers; ends when the client resets the stream.</summary>
    public static Task StallAsync(HttpContext http) =>
        Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);

    public static void Reset(HttpContext http, int errorCode) =>
        http.Features.GetRequiredFeature<IHttpResetFeature>().Reset(errorCode);

    public static async Task EchoAsync(HttpContext http)
    {
        http.Response.ContentType = "application/grpc";
        await http.Response.StartAsync();
        var buffer = new byte[64 * 1024];
        while (await http.Request.Body.ReadAsync(buffer) is var read and > 0)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read));
            await http.Response.Body.FlushAsync();
        }

        http.Response.AppendTrailer("grpc-status", "0");
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref _calls);
        try
        {
            await _answers[Path.GetFileName(http.Request.Path.Value!)](http);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    private async Task CountAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }
}
