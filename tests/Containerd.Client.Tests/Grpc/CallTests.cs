using Containerd.Client.Grpc;
using Containerd.Protocol.Health;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Method = Containerd.Client.Grpc.Method;

namespace Containerd.Client.Tests.Grpc;

public sealed class CallTests : IAsyncLifetime
{
    private FaultServer _server = null!;

    public async Task InitializeAsync() => _server = await FaultServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_unary_call_returns_its_response()
    {
        var sent = Message("hello");
        Assert.Equal(sent, await _server.Channel.UnaryCallAsync(FaultServer.Method(MethodType.Unary, "Echo"), sent, Within.Guard));
    }

    [Fact]
    public async Task A_large_message_passes_both_ways()
    {
        var sent = new BytesValue { Value = ByteString.CopyFrom(new byte[12 * 1024 * 1024]) };
        var received = await _server.Channel.UnaryCallAsync(FaultServer.Method(MethodType.Unary, "Echo"), sent, Within.Guard);
        Assert.Equal(sent.Value.Length, received.Value.Length);
    }

    [Fact]
    public async Task A_server_stream_is_read_to_its_end_with_status_and_trailers()
    {
        var method = _server.On(MethodType.ServerStreaming, http =>
        {
            http.Response.Headers["early"] = "header";
            return FaultServer.AnswerAsync(
                http, [.. Frame("one"), .. Frame("two"), .. Frame("")], trailers: [("late", "trailer"), ("late-bin", "AQI")]);
        });
        using var call = _server.Channel.ServerStreamingCall(method, Message("go"), Within.Guard);
        Assert.Equal("header", (await call.ResponseHeadersAsync).GetValue("early"));
        Assert.Throws<InvalidOperationException>(() => call.GetStatus());

        var received = new List<string>();
        await foreach (var message in call.ResponseStream)
        {
            received.Add(message.Value.ToStringUtf8());
        }

        Assert.Equal(["one", "two", ""], received);
        Assert.Equal(Status.OK, call.GetStatus());
        Assert.Equal("trailer", call.GetTrailers().GetValue("late"));
        Assert.Equal([1, 2], call.GetTrailers().GetValueBytes("late-bin"));
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task A_client_stream_is_answered_once()
    {
        var method = _server.On(MethodType.ClientStreaming, async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            await FaultServer.AnswerAsync(http, Frame($"{body.Length}"));
        });
        using var call = _server.Channel.ClientStreamingCall(method, Within.Guard);
        await call.RequestStream.WriteAsync(Message("abc"));
        await call.RequestStream.WriteAsync(Message("defg"));
        await call.RequestStream.CompleteAsync();
        Assert.Equal($"{5 + 2 + 3 + 5 + 2 + 4}", (await call.ResponseAsync).Value.ToStringUtf8());
    }

    [Fact]
    public async Task A_duplex_call_answers_each_write_before_the_next()
    {
        using var call = _server.Channel.DuplexStreamingCall(FaultServer.Method(MethodType.DuplexStreaming, "Echo"), Within.Guard);
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(Message($"{i}"));
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal($"{i}", call.ResponseStream.Current.Value.ToStringUtf8());
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_method_comes_from_the_generated_descriptor()
    {
        var service = HealthReflection.Descriptor.Services[0];
        var check = Method.From<HealthCheckRequest, HealthCheckResponse>(service, "Check");
        Assert.Equal("/grpc.health.v1.Health/Check", check.FullName);
        Assert.Equal(MethodType.Unary, check.Type);
        Assert.Equal(MethodType.ServerStreaming, Method.From<HealthCheckRequest, HealthCheckResponse>(service, "Watch").Type);
        Assert.Throws<ArgumentException>(() => Method.From<HealthCheckRequest, HealthCheckResponse>(service, "Nothing"));
        Assert.Throws<ArgumentException>(() => Method.From<HealthCheckResponse, HealthCheckResponse>(service, "Check"));
        await Assert.ThrowsAsync<ArgumentException>(() => _server.Channel.UnaryCallAsync(
            Method.From<HealthCheckRequest, HealthCheckResponse>(service, "Watch"), new HealthCheckRequest()));
    }

    [Fact]
    public async Task The_request_carries_what_grpc_demands_and_nothing_else()
    {
        var seen = new Dictionary<string, string>();
        var method = _server.On(MethodType.Unary, http =>
        {
            foreach (var (key, value) in http.Request.Headers)
            {
                seen[key.ToLowerInvariant()] = value.ToString();
            }

            return FaultServer.AnswerAsync(http, Frame("ok"));
        });
        var headers = new Metadata { { "containerd-namespace", "default" }, { "data-bin", new byte[] { 0xff } } };
        using var activity = new System.Diagnostics.Activity("caller").Start();
        await _server.Channel.UnaryCallAsync(method, Message("x"), Within.Guard with { Headers = headers });

        Assert.Matches("^[0-9]{1,8}[numSMH]$", seen["grpc-timeout"]);
        Assert.StartsWith("containerd-powershell/", seen["user-agent"], StringComparison.Ordinal);
        seen.Remove("grpc-timeout");
        seen.Remove("user-agent");
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["host"] = "localhost",
                ["te"] = "trailers",
                ["content-type"] = "application/grpc",
                ["grpc-accept-encoding"] = "identity,gzip",
                ["containerd-namespace"] = "default",
                ["data-bin"] = "/w",
            }.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            seen.Where(pair => !pair.Key.StartsWith(':')).OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    private static BytesValue Message(string text) => new() { Value = ByteString.CopyFromUtf8(text) };

    private static byte[] Frame(string text) => FaultServer.Frame(Message(text).ToByteArray());
}
