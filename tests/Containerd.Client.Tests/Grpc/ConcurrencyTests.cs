using Containerd.Client.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Grpc;

/// <summary>One channel, many callers; and streams that go no faster than their slower side.</summary>
public sealed class ConcurrencyTests : IAsyncLifetime
{
    // More than a stream's largest window and both sides' buffers.
    private const int InFlight = 32 * 1024 * 1024;
    private FaultServer _server = null!;

    public async Task InitializeAsync() => _server = await FaultServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Open_streams_do_not_block_concurrent_calls()
    {
        var duplex = FaultServer.Method(MethodType.DuplexStreaming, "Echo");
        var streams = Enumerable.Range(0, 150).Select(_ => _server.Channel.DuplexStreamingCall(duplex, Within.Guard)).ToList();
        await Task.WhenAll(streams.Select((stream, i) => stream.RequestStream.WriteAsync(Message($"stream {i}")).AsTask()));

        var unary = FaultServer.Method(MethodType.Unary, "Echo");
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(
            i => _server.Channel.UnaryCallAsync(unary, Message($"call {i}"), Within.Guard)));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => Message($"call {i}")), answers);

        for (var i = 0; i < streams.Count; i++)
        {
            Assert.True(await streams[i].ResponseStream.MoveNext());
            Assert.Equal(Message($"stream {i}"), streams[i].ResponseStream.Current);
            streams[i].Dispose();
        }

        await _server.AssertNextCallWorksAsync();
    }

    [Fact]
    public async Task Watchers_beyond_what_one_connection_takes_do_not_block_calls()
    {
        var watch = _server.On(MethodType.ServerStreaming, FaultServer.StallAsync);
        var watchers = Enumerable.Range(0, 350).Select(_ => _server.Channel.ServerStreamingCall(watch, Message("w"), Within.Guard)).ToList();
        await _server.AssertNextCallWorksAsync();
        watchers.ForEach(watcher => watcher.Dispose());
        await _server.AssertNextCallWorksAsync();
    }

    [Fact]
    public async Task A_server_waits_for_a_reader_that_is_slow()
    {
        var sent = 0L;
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        const int Count = 300;
        var method = _server.On(MethodType.ServerStreaming, async http =>
        {
            http.Response.ContentType = "application/grpc";
            var frame = FaultServer.Frame(new BytesValue { Value = ByteString.CopyFrom(new byte[1024 * 1024]) }.ToByteArray());
            for (var i = 0; i < Count; i++)
            {
                // A slow machine may be taken for a full window, which only makes the test milder.
                var write = http.Response.Body.WriteAsync(frame).AsTask();
                if (await Task.WhenAny(write, Task.Delay(1000)) != write)
                {
                    full.TrySetResult();
                }

                await write;
                Volatile.Write(ref sent, sent + frame.Length);
            }

            http.Response.AppendTrailer("grpc-status", "0");
        });
        using var call = _server.Channel.ServerStreamingCall(method, Message("go"), Within.Guard);
        Assert.True(await call.ResponseStream.MoveNext());
        await Within.BoundedAsync(full.Task);
        Assert.InRange(Volatile.Read(ref sent), 0, InFlight);

        var received = 1;
        while (await call.ResponseStream.MoveNext())
        {
            received++;
        }

        Assert.Equal(Count, received);
    }

    [Fact]
    public async Task A_writer_waits_for_a_server_that_does_not_read()
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var method = _server.On(MethodType.ClientStreaming, async http =>
        {
            await read.Task;
            await http.Request.Body.CopyToAsync(Stream.Null);
            await FaultServer.AnswerAsync(http, FaultServer.Frame(Message("done").ToByteArray()));
        });
        using var call = _server.Channel.ClientStreamingCall(method, Within.Guard);
        var larger = new BytesValue { Value = ByteString.CopyFrom(new byte[12 * 1024 * 1024]) };
        var blocked = call.RequestStream.WriteAsync(larger).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(larger).AsTask());
        await _server.AssertNextCallWorksAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(call.RequestStream.CompleteAsync);
        Assert.False(blocked.IsCompleted);
        read.SetResult();
        await Within.BoundedAsync(blocked);
        await call.RequestStream.CompleteAsync();
        Assert.Equal(Message("done"), await call.ResponseAsync);
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(larger).AsTask());
    }

    [Fact]
    public async Task A_server_may_end_a_stream_before_the_client_has_written_all()
    {
        var method = _server.On(MethodType.ClientStreaming, http =>
            FaultServer.AnswerTrailersOnly(http, "6", ("grpc-message", "already here")));

        // Nothing else is on its way on this connection, such as the settings of a new one, that would take the headers along.
        await _server.AssertNextCallWorksAsync();
        using var call = _server.Channel.ClientStreamingCall(method, Within.Guard);
        var failure = await Assert.ThrowsAsync<RpcException>(() => Within.BoundedAsync(call.ResponseAsync));
        Assert.Equal("already here", failure.Status.Detail);

        failure = await Assert.ThrowsAsync<RpcException>(() => WriteUntilRefusedAsync(call.RequestStream));
        Assert.Equal(StatusCode.AlreadyExists, failure.StatusCode);
    }

    [Fact]
    public async Task A_refused_duplex_call_tells_its_writer_why()
    {
        var method = _server.On(MethodType.DuplexStreaming, http => FaultServer.AnswerTrailersOnly(http, "7"));

        // As above.
        await _server.AssertNextCallWorksAsync();
        using var call = _server.Channel.DuplexStreamingCall(method, Within.Guard);
        var failure = await Assert.ThrowsAsync<RpcException>(() => WriteUntilRefusedAsync(call.RequestStream));
        Assert.Equal(StatusCode.PermissionDenied, failure.StatusCode);
    }

    [Fact]
    public async Task A_half_closed_stream_still_receives()
    {
        var method = _server.On(MethodType.DuplexStreaming, async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            await FaultServer.AnswerAsync(http, FaultServer.Frame(Message("after the end").ToByteArray()));
        });
        using var call = _server.Channel.DuplexStreamingCall(method, Within.Guard);
        await call.RequestStream.WriteAsync(Message("only"));
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal(Message("after the end"), call.ResponseStream.Current);
        Assert.False(await call.ResponseStream.MoveNext());
    }

    private static BytesValue Message(string text) => new() { Value = ByteString.CopyFromUtf8(text) };

    private static async Task WriteUntilRefusedAsync(ClientStreamWriter<BytesValue> writer)
    {
        var megabyte = new BytesValue { Value = ByteString.CopyFrom(new byte[1024 * 1024]) };
        while (true)
        {
            await Within.BoundedAsync(writer.WriteAsync(megabyte).AsTask());
        }
    }
}
