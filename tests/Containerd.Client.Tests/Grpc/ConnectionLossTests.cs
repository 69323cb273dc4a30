using System.Net.Sockets;
using Containerd.Client.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Grpc;

/// <summary>Servers that are not there, go away, or are something else.</summary>
public sealed class ConnectionLossTests : IAsyncLifetime
{
    private static readonly BytesValue s_request = new() { Value = ByteString.CopyFromUtf8("request") };
    private static readonly Method<BytesValue, BytesValue> s_echo = FaultServer.Method(MethodType.Unary, "Echo");
    private FaultServer _server = null!;

    public async Task InitializeAsync() => _server = await FaultServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task An_absent_socket_is_unavailable_and_says_so()
    {
        using var channel = TestChannel.Open(FaultServer.NewSocketPath());
        var failure = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.NotNull(Inner<SocketException>(failure));
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_refuses()
    {
        var path = FaultServer.NewSocketPath();
        using var abandoned = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        abandoned.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            using var channel = TestChannel.Open(path);
            var failure = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
            Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
            Assert.Equal(SocketError.ConnectionRefused, Inner<SocketException>(failure)?.SocketErrorCode);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_socket_that_may_not_be_opened_stays_recognizable()
    {
        using var channel = new GrpcChannel(
            new Uri("http://localhost"), _ => throw new SocketException((int)SocketError.AccessDenied));
        var failure = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(SocketError.AccessDenied, Inner<SocketException>(failure)?.SocketErrorCode);
    }

    [Fact]
    public async Task A_connection_that_is_never_made_is_given_up()
    {
        using var channel = new GrpcChannel(
            new Uri("http://localhost"),
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return Stream.Null;
            },
            new GrpcChannelOptions { ConnectTimeout = TimeSpan.FromMilliseconds(100) });
        var failure = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    [Fact]
    public async Task Streams_to_an_absent_server_fail_on_both_sides()
    {
        using var channel = TestChannel.Open(FaultServer.NewSocketPath());
        using var duplex = channel.DuplexStreamingCall(FaultServer.Method(MethodType.DuplexStreaming, "Echo"), Within.Guard);
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(duplex.RequestStream.WriteAsync(s_request).AsTask())).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(duplex.ResponseStream.MoveNext().AsTask())).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(duplex.ResponseHeadersAsync)).StatusCode);

        using var upload = channel.ClientStreamingCall(FaultServer.Method(MethodType.ClientStreaming, "Echo"), Within.Guard);
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(upload.RequestStream.WriteAsync(s_request).AsTask())).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(upload.ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task Wait_for_ready_waits_for_the_server_to_come()
    {
        var path = FaultServer.NewSocketPath();
        using var channel = TestChannel.Open(path);
        var call = channel.UnaryCallAsync(s_echo, s_request, Within.Guard with { WaitForReady = true });
        using var stream = channel.DuplexStreamingCall(
            FaultServer.Method(MethodType.DuplexStreaming, "Echo"), Within.Guard with { WaitForReady = true });
        var write = stream.RequestStream.WriteAsync(s_request).AsTask();
        Assert.False(call.IsCompleted);
        await using var late = await FaultServer.StartAsync(path);
        Assert.Equal(s_request, await Within.BoundedAsync(call));
        await Within.BoundedAsync(write);
        Assert.True(await stream.ResponseStream.MoveNext());
        Assert.Equal(s_request, stream.ResponseStream.Current);
    }

    [Fact]
    public async Task Wait_for_ready_ends_with_the_deadline_and_tells_why_it_waited()
    {
        using var channel = TestChannel.Open(FaultServer.NewSocketPath());
        var failure = await FailsAsync(channel.UnaryCallAsync(
            s_echo, s_request, new(Timeout: TimeSpan.FromSeconds(2), WaitForReady: true)));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.NotNull(Inner<SocketException>(failure));
    }

    [Fact]
    public async Task Wait_for_ready_ends_with_cancellation()
    {
        using var source = new CancellationTokenSource();
        using var channel = TestChannel.Open(FaultServer.NewSocketPath());
        var call = channel.UnaryCallAsync(s_echo, s_request, new(WaitForReady: true, CancellationToken: source.Token));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(call));
    }

    [Fact]
    public async Task A_connection_closed_at_once_is_unavailable() =>
        Assert.Equal(StatusCode.Unavailable, (await MeetsFirstAsync(_ => Task.CompletedTask)).StatusCode);

    [Fact]
    public async Task A_connection_closed_during_the_call_is_unavailable() =>
        Assert.Equal(StatusCode.Unavailable, (await MeetsFirstAsync(RawServer.AcceptRequestAsync)).StatusCode);

    [Fact]
    public async Task A_server_that_speaks_something_else_is_unavailable_or_internal() =>
        Assert.Contains(
            (await MeetsFirstAsync(stream => stream.WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray()).AsTask())).StatusCode,
            new[] { StatusCode.Unavailable, StatusCode.Internal });

    [Fact]
    public async Task A_server_that_goes_away_during_the_call_is_unavailable() =>
        Assert.Equal(StatusCode.Unavailable, (await MeetsFirstAsync(async stream =>
        {
            await RawServer.AcceptRequestAsync(stream);
            await RawServer.GoAwayAsync(stream, lastStream: 1, errorCode: 0xb);
        })).StatusCode);

    [Fact]
    public async Task A_call_that_the_server_has_not_begun_when_it_goes_away_is_made_again()
    {
        await using var raw = new RawServer(async stream =>
        {
            await RawServer.AcceptRequestAsync(stream);
            await RawServer.GoAwayAsync(stream, lastStream: 0, errorCode: 0);
            await stream.CopyToAsync(Stream.Null);
        });
        using var channel = OpenFirstTo(raw);
        Assert.Equal(s_request, await channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
    }

    [Fact]
    public async Task A_request_that_is_being_written_as_the_connection_ends_is_unavailable()
    {
        var asked = new TaskCompletionSource();
        await using var raw = new RawServer(async stream =>
        {
            await RawServer.AcceptRequestAsync(stream);
            await asked.Task;
            await RawServer.AnswerUndecodablyAsync(stream, streamId: 1);
            await stream.CopyToAsync(Stream.Null);
        });
        HeldStream connection = null!;
        using var channel = new GrpcChannel(
            new Uri("http://localhost"),
            async token => connection = new HeldStream(await TestChannel.ConnectSocketAsync(raw.SocketPath, token)));
        using var first = channel.DuplexStreamingCall(FaultServer.Method(MethodType.DuplexStreaming, "Echo"), Within.Guard);
        await Within.BoundedAsync(first.RequestStream.WriteAsync(s_request).AsTask());

        // So much that the handler, which gathers 32 KiB before it writes, holds all of it and is writing: what comes now waits.
        var held = connection;
        held.Hold();
        var firstWrite = first.RequestStream.WriteAsync(new BytesValue { Value = ByteString.CopyFrom(new byte[32_759]) }).AsTask();
        var second = channel.UnaryCallAsync(s_echo, s_request, Within.Guard);
        asked.SetResult();
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(first.ResponseHeadersAsync)).StatusCode);
        held.Release();

        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(firstWrite)).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(second)).StatusCode);
    }

    private static T? Inner<T>(Exception? exception)
        where T : Exception
    {
        while (exception is not (null or T))
        {
            exception = exception.InnerException;
        }

        return (T?)exception;
    }

    private static Task<RpcException> FailsAsync(Task call) =>
        Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(call));

    private async Task<RpcException> MeetsFirstAsync(Func<NetworkStream, Task> serve)
    {
        await using var raw = new RawServer(serve);
        using var channel = OpenFirstTo(raw);
        var failure = await FailsAsync(channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
        Assert.Equal(s_request, await channel.UnaryCallAsync(s_echo, s_request, Within.Guard));
        return failure;
    }

    // The first connection meets the raw server, the later ones the sound one.
    private GrpcChannel OpenFirstTo(RawServer raw)
    {
        var connections = 0;
        return new GrpcChannel(new Uri("http://localhost"), token => TestChannel.ConnectAsync(
            Interlocked.Increment(ref connections) == 1 ? raw.SocketPath : _server.SocketPath, token));
    }

    /// <summary>A connection whose writes can be held back.</summary>
    private sealed class HeldStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        private TaskCompletionSource _open = Opened();

        public void Hold() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _open.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _open.Task;
            await base.WriteAsync(buffer, cancellationToken);
        }

        private static TaskCompletionSource Opened()
        {
            var opened = new TaskCompletionSource();
            opened.SetResult();
            return opened;
        }
    }
}
