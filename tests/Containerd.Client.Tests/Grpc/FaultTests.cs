using System.Net;
using System.Text;
using Containerd.Client.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Grpc;

/// <summary>What a server can do wrong ends in a typed error in bounded time, and the channel lives on.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private static readonly BytesValue s_request = new() { Value = ByteString.CopyFromUtf8("request") };
    private FaultServer _server = null!;

    public async Task InitializeAsync() => _server = await FaultServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_trailers_only_error_keeps_code_message_details_and_trailers()
    {
        byte[] details = [8, 5, 0xff];
        var failure = await FailsAsync(StatusCode.NotFound, http => FaultServer.AnswerTrailersOnly(
            http,
            "5",
            ("grpc-message", "no container %22caf%C3%A9%22%"),
            ("grpc-status-details-bin", Convert.ToBase64String(details)),
            ("hint", "look elsewhere")));
        Assert.Equal("no container \"café\"%", failure.Status.Detail);
        Assert.Equal(details, failure.StatusDetails);
        Assert.Equal("look elsewhere", failure.Trailers.GetValue("hint"));
    }

    [Fact]
    public async Task An_error_after_a_message_comes_from_the_trailers()
    {
        var failure = await FailsAsync(StatusCode.FailedPrecondition, http => FaultServer.AnswerAsync(
            http, Frame("half"), "9", ("grpc-message", "not%20now"), ("grpc-status-details-bin", "AQ")));
        Assert.Equal("not now", failure.Status.Detail);
        Assert.Equal([1], failure.StatusDetails);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("-1")]
    [InlineData("99999999999")]
    [InlineData("x")]
    public Task A_status_that_does_not_exist_is_unknown(string status) =>
        FailsAsync(StatusCode.Unknown, http => FaultServer.AnswerTrailersOnly(http, status));

    [Theory]
    [InlineData(400, nameof(StatusCode.Internal))]
    [InlineData(401, nameof(StatusCode.Unauthenticated))]
    [InlineData(403, nameof(StatusCode.PermissionDenied))]
    [InlineData(404, nameof(StatusCode.Unimplemented))]
    [InlineData(429, nameof(StatusCode.Unavailable))]
    [InlineData(500, nameof(StatusCode.Unknown))]
    [InlineData(302, nameof(StatusCode.Unknown))]
    [InlineData(502, nameof(StatusCode.Unavailable))]
    [InlineData(503, nameof(StatusCode.Unavailable))]
    [InlineData(504, nameof(StatusCode.Unavailable))]
    public async Task An_http_error_without_a_grpc_status_is_mapped(int http, string expected)
    {
        var failure = await FailsAsync(System.Enum.Parse<StatusCode>(expected), async context =>
        {
            context.Response.StatusCode = http;
            context.Response.ContentType = "text/html";
            context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync("<h1>no</h1>");
        });
        Assert.Contains($"HTTP {http}", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public Task A_grpc_status_outweighs_the_http_status() =>
        FailsAsync(StatusCode.Aborted, http =>
        {
            http.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
            return FaultServer.AnswerTrailersOnly(http, "10");
        });

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/grpc-web")]
    [InlineData(null)]
    public Task A_wrong_content_type_is_unknown(string? contentType) =>
        FailsAsync(StatusCode.Unknown, async http =>
        {
            http.Response.ContentType = contentType;
            await http.Response.Body.WriteAsync(Frame("hello"));
            http.Response.AppendTrailer("grpc-status", "0");
        });

    [Fact]
    public Task A_missing_status_is_unknown() =>
        FailsAsync(StatusCode.Unknown, async http =>
        {
            http.Response.ContentType = "application/grpc+proto";
            await http.Response.Body.WriteAsync(Frame("hello"));
        });

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    public Task A_body_cut_short_is_internal(int length) =>
        FailsAsync(StatusCode.Internal, http => FaultServer.AnswerAsync(http, Frame("some message")[..length]));

    [Fact]
    public Task A_message_that_is_no_message_is_internal() =>
        FailsAsync(StatusCode.Internal, http => FaultServer.AnswerAsync(http, FaultServer.Frame([0x0a, 0x7f, 1])));

    [Fact]
    public Task A_response_without_a_message_is_internal() =>
        FailsAsync(StatusCode.Internal, http => FaultServer.AnswerAsync(http, []));

    [Fact]
    public Task A_second_message_of_a_unary_call_is_internal() =>
        FailsAsync(StatusCode.Internal, http => FaultServer.AnswerAsync(http, [.. Frame("one"), .. Frame("two")]));

    [Theory]
    [InlineData(0x0, nameof(StatusCode.Internal))]
    [InlineData(0x1, nameof(StatusCode.Internal))]
    [InlineData(0x8, nameof(StatusCode.Cancelled))]
    [InlineData(0xb, nameof(StatusCode.ResourceExhausted))]
    [InlineData(0xc, nameof(StatusCode.PermissionDenied))]
    [InlineData(0xd, nameof(StatusCode.Unknown))]
    public Task A_reset_stream_is_mapped(int errorCode, string expected) =>
        FailsAsync(System.Enum.Parse<StatusCode>(expected), http =>
        {
            FaultServer.Reset(http, errorCode);
            return Task.CompletedTask;
        });

    [Fact]
    public Task A_stream_refused_after_its_headers_is_unavailable() =>
        FailsAsync(StatusCode.Unavailable, async http =>
        {
            http.Response.ContentType = "application/grpc";
            await http.Response.Body.WriteAsync(Frame("half").AsMemory(0, 7));
            await http.Response.Body.FlushAsync();
            FaultServer.Reset(http, 0x7);
        });

    [Fact]
    public Task An_aborted_stream_is_internal() =>
        FailsAsync(StatusCode.Internal, http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Headers_or_trailers_without_end_cost_the_connection(bool trailersOnly)
    {
        (string, string)[] endless = [("grpc-message", new string('x', 200_000))];
        return FailsAsync(StatusCode.Unavailable, http => trailersOnly
            ? FaultServer.AnswerTrailersOnly(http, "5", endless)
            : FaultServer.AnswerAsync(http, Frame("hello"), "5", endless));
    }

    [Fact]
    public Task A_message_over_the_limit_is_refused_before_it_is_read() =>
        FailsAsync(StatusCode.ResourceExhausted, async http =>
        {
            http.Response.ContentType = "application/grpc";
            await http.Response.Body.WriteAsync(new byte[] { 0, 0x7f, 0xff, 0xff, 0xff });
            await http.Response.Body.FlushAsync();
            await FaultServer.StallAsync(http);
        });

    [Fact]
    public async Task A_message_to_send_over_the_limit_is_not_sent()
    {
        using var channel = _server.OpenChannel(new GrpcChannelOptions { MaxSendMessageSize = 8 });
        var echo = FaultServer.Method(MethodType.Unary, "Echo");
        var failure = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryCallAsync(echo, s_request, Within.Guard));
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Equal(new BytesValue(), await channel.UnaryCallAsync(echo, new BytesValue(), Within.Guard));

        using var call = channel.DuplexStreamingCall(FaultServer.Method(MethodType.DuplexStreaming, "Echo"), Within.Guard);
        failure = await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(s_request).AsTask());
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
    }

    [Fact]
    public async Task A_gzip_message_is_inflated()
    {
        var expected = new BytesValue { Value = ByteString.CopyFrom(Encoding.UTF8.GetBytes(new string('x', 100_000))) };
        var method = _server.On(MethodType.Unary, http => Compressed(http, FaultServer.Gzip(expected.ToByteArray())));
        Assert.Equal(expected, await _server.Channel.UnaryCallAsync(method, s_request, Within.Guard));
    }

    [Fact]
    public Task A_gzip_bomb_is_stopped_at_the_limit() =>
        FailsAsync(StatusCode.ResourceExhausted, http => Compressed(http, FaultServer.Gzip(new byte[256 * 1024 * 1024])));

    [Theory]
    [InlineData("gzip", new byte[] { 1, 2, 3 })]
    [InlineData("snappy", new byte[] { 1, 2, 3 })]
    [InlineData("identity", new byte[] { 1, 2, 3 })]
    [InlineData(null, new byte[] { 1, 2, 3 })]
    public Task A_message_compressed_in_a_way_not_agreed_on_is_internal(string? encoding, byte[] body) =>
        FailsAsync(StatusCode.Internal, http => Compressed(http, body, encoding));

    private static byte[] Frame(string text) =>
        FaultServer.Frame(new BytesValue { Value = ByteString.CopyFromUtf8(text) }.ToByteArray());

    private static Task Compressed(HttpContext http, byte[] body, string? encoding = "gzip")
    {
        http.Response.Headers["grpc-encoding"] = encoding;
        return FaultServer.AnswerAsync(http, FaultServer.Frame(body, compressed: true));
    }

    private async Task<RpcException> FailsAsync(StatusCode expected, RequestDelegate answer)
    {
        var method = _server.On(MethodType.Unary, answer);
        var failure = await Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(
            _server.Channel.UnaryCallAsync(method, s_request, Within.Guard)));
        Assert.True(expected == failure.StatusCode, failure.ToString());
        await _server.AssertNextCallWorksAsync();
        return failure;
    }
}
