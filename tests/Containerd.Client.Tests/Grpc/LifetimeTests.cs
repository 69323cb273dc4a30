using Containerd.Client.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Grpc;

/// <summary>Deadlines, cancellation and disposal end calls, and the server learns of it.</summary>
public sealed class LifetimeTests : IAsyncLifetime
{
    private static readonly BytesValue s_request = new() { Value = ByteString.CopyFromUtf8("request") };
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reset = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FaultServer _server = null!;

    public async Task InitializeAsync() => _server = await FaultServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_server_that_stalls_before_its_headers_meets_the_deadline()
    {
        await UntilReachedAsync(async deadline =>
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(
                _server.Channel.UnaryCallAsync(Stall(MethodType.Unary), s_request, new(Timeout: deadline))));
            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        });
        await AssertResetAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(8)]
    public async Task A_server_that_stalls_in_its_body_meets_the_deadline(int bytes)
    {
        await UntilReachedAsync(async deadline =>
        {
            using var call = _server.Channel.ServerStreamingCall(StallAfter(bytes), s_request, new(Timeout: deadline));
            var failure = await Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(call.ResponseStream.MoveNext().AsTask()));
            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
            Assert.Equal(StatusCode.DeadlineExceeded, call.GetStatus().StatusCode);
        });
        await AssertResetAsync();
    }

    [Fact]
    public async Task A_deadline_resets_a_stream_that_nobody_reads()
    {
        await UntilReachedAsync(async deadline =>
        {
            using var call = _server.Channel.ServerStreamingCall(StallAfter(0), s_request, new(Timeout: deadline));
            if (await Task.WhenAny(_reached.Task, Task.Delay(deadline)) == _reached.Task)
            {
                await AssertResetAsync();
            }

            Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(
                () => call.ResponseStream.MoveNext().AsTask())).StatusCode);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task A_deadline_in_the_past_sends_nothing(int seconds)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => _server.Channel.UnaryCallAsync(
            Stall(MethodType.Unary), s_request, new(Timeout: TimeSpan.FromSeconds(seconds))));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.False(_reached.Task.IsCompleted);
        await _server.AssertNextCallWorksAsync();
    }

    [Fact]
    public async Task A_deadline_beyond_every_timer_is_no_error() =>
        Assert.Equal(s_request, await Within.BoundedAsync(_server.Channel.UnaryCallAsync(
            FaultServer.Method(MethodType.Unary, "Echo"), s_request, new(Timeout: TimeSpan.MaxValue))));

    [Fact]
    public async Task Cancelling_a_unary_call_resets_its_stream()
    {
        using var source = new CancellationTokenSource();
        var call = _server.Channel.UnaryCallAsync(
            Stall(MethodType.Unary), s_request, Within.Guard with { CancellationToken = source.Token });
        await Within.BoundedAsync(_reached.Task);
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(call));
        Assert.Equal(source.Token, cancelled.CancellationToken);
        await AssertResetAsync();
    }

    [Fact]
    public async Task A_call_that_is_cancelled_as_its_answer_arrives_is_answered_or_cancelled()
    {
        CancellationTokenSource source = null!;
        var method = _server.On(MethodType.Unary, async http =>
        {
            await FaultServer.EchoAsync(http);
            await http.Response.CompleteAsync();
            Thread.SpinWait(Random.Shared.Next(10_000));
            source.Cancel();
        });
        for (var i = 0; i < 2_000; i++)
        {
            using var current = source = new CancellationTokenSource();
            try
            {
                Assert.Equal(s_request, await _server.Channel.UnaryCallAsync(method, s_request, Within.Guard with { CancellationToken = source.Token }));
            }
            catch (OperationCanceledException cancelled)
            {
                Assert.Equal(source.Token, cancelled.CancellationToken);
            }
        }
    }

    [Fact]
    public async Task A_token_that_has_fired_sends_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _server.Channel.UnaryCallAsync(
            Stall(MethodType.Unary), s_request, new(CancellationToken: new CancellationToken(canceled: true))));
        Assert.False(_reached.Task.IsCompleted);
        await _server.AssertNextCallWorksAsync();
    }

    [Fact]
    public async Task Cancelling_a_read_resets_the_stream()
    {
        using var source = new CancellationTokenSource();
        using var call = _server.Channel.ServerStreamingCall(StallAfter(0), s_request, Within.Guard);
        var read = call.ResponseStream.MoveNext(source.Token).AsTask();
        await Within.BoundedAsync(_reached.Task);
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(read));
        Assert.Equal(source.Token, cancelled.CancellationToken);
        await AssertResetAsync();
    }

    [Fact]
    public async Task Disposing_a_stream_resets_it_and_ends_its_read()
    {
        var call = _server.Channel.ServerStreamingCall(StallAfter(3), s_request, Within.Guard);
        var read = call.ResponseStream.MoveNext().AsTask();
        await Within.BoundedAsync(_reached.Task);
        call.Dispose();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(read))).StatusCode);
        await AssertResetAsync();
    }

    [Fact]
    public async Task Leaving_a_stream_early_resets_it()
    {
        using (var call = _server.Channel.ServerStreamingCall(StallAfter(14), s_request, Within.Guard))
        {
            await foreach (var message in call.ResponseStream)
            {
                Assert.Equal("message", message.Value.ToStringUtf8());
                break;
            }
        }

        await AssertResetAsync();
    }

    [Fact]
    public async Task Disposing_a_duplex_call_half_way_resets_it()
    {
        using (var call = _server.Channel.DuplexStreamingCall(Stall(MethodType.DuplexStreaming), Within.Guard))
        {
            await call.RequestStream.WriteAsync(s_request);
            await Within.BoundedAsync(_reached.Task);
        }

        await AssertResetAsync();
    }

    [Fact]
    public async Task Closing_the_channel_ends_its_calls_and_refuses_others()
    {
        var method = Stall(MethodType.Unary);
        var channel = _server.OpenChannel();
        var call = channel.UnaryCallAsync(method, s_request, Within.Guard);
        await Within.BoundedAsync(_reached.Task);
        await channel.DisposeAsync();
        var failure = await Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(call));
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Contains("channel", failure.Status.Detail, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => channel.UnaryCallAsync(method, s_request));
        await AssertResetAsync();
        channel.Dispose();
    }

    // On a slow machine a short deadline is over before the server has the call, and there is nothing to reset.
    private async Task UntilReachedAsync(Func<TimeSpan, Task> call)
    {
        for (var deadline = TimeSpan.FromMilliseconds(200); !_reached.Task.IsCompleted; deadline *= 2)
        {
            await call(deadline);
        }
    }

    private async Task AssertResetAsync()
    {
        await Within.BoundedAsync(_reset.Task);
        await _server.AssertNextCallWorksAsync();
    }

    private Method<BytesValue, BytesValue> Stall(MethodType type) => _server.On(type, StallAsync);

    // Sends headers and the first bytes of a message, and then nothing.
    private Method<BytesValue, BytesValue> StallAfter(int bytes) => _server.On(MethodType.ServerStreaming, async http =>
    {
        http.Response.ContentType = "application/grpc";
        await http.Response.StartAsync();
        await http.Response.Body.WriteAsync(FaultServer.Frame("\n\amessage"u8).AsMemory(0, bytes));
        await http.Response.Body.FlushAsync();
        await StallAsync(http);
    });

    private async Task StallAsync(HttpContext http)
    {
        _reached.TrySetResult();
        await FaultServer.StallAsync(http);
        _reset.TrySetResult();
    }
}
