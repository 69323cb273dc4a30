using System.Buffers.Binary;
using System.Threading.Channels;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Content;
using Containerd.Protocol.Events;
using Containerd.Protocol.Health;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Containerd.Client.Tests.Faults;

/// <summary>The sound answers of a containerd that has one container with a task, and one blob; and what it can do wrong instead.</summary>
internal static class FaultyDaemon
{
    public const string Id = "c1";

    public static readonly byte[] Blob = [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)i)];

    /// <summary>What a daemon does wrong, and the kind of error that a caller is to see.</summary>
    public static readonly Dictionary<string, (RequestDelegate Answer, CtrErrorKind Expected)> Faults = new()
    {
        ["refuses as it is going down"] = (
            http => FaultServer.AnswerTrailersOnly(http, "14", ("grpc-message", "going down")), CtrErrorKind.Unavailable),
        ["has an overloaded proxy before it"] = (
            http =>
            {
                http.Response.StatusCode = 503;
                return Task.CompletedTask;
            },
            CtrErrorKind.Unavailable),
        ["answers with trailers only"] = (
            http => FaultServer.AnswerTrailersOnly(http, "9", ("grpc-message", "not now")), CtrErrorKind.FailedPrecondition),
        ["stalls before it answers"] = (FaultServer.StallAsync, CtrErrorKind.DeadlineExceeded),
        ["stalls in the middle of a message"] = (
            async http =>
            {
                await SendAsync(http, [0, 0, 0, 0, 9, 1]);
                await FaultServer.StallAsync(http);
            },
            CtrErrorKind.DeadlineExceeded),
        ["cuts a message short"] = (http => FaultServer.AnswerAsync(http, [0, 0, 0, 0, 9, 1]), CtrErrorKind.Unknown),
        ["cuts a message's length short"] = (http => FaultServer.AnswerAsync(http, [0, 0, 0]), CtrErrorKind.Unknown),
        ["sends what is no message"] = (http => FaultServer.AnswerAsync(http, FaultServer.Frame([0x0a, 0x7f, 1])), CtrErrorKind.Unknown),
        ["sends no status"] = (http => SendAsync(http, []), CtrErrorKind.Unknown),
        ["sends another content type"] = (
            http =>
            {
                http.Response.ContentType = "text/html";
                return http.Response.WriteAsync("<h1>hello</h1>");
            },
            CtrErrorKind.Unknown),
        ["compresses in an unknown way"] = (
            http =>
            {
                http.Response.Headers["grpc-encoding"] = "snappy";
                return FaultServer.AnswerAsync(http, FaultServer.Frame([1, 2, 3], compressed: true));
            },
            CtrErrorKind.Unknown),
        ["sends a gzip bomb"] = (
            http =>
            {
                http.Response.Headers["grpc-encoding"] = "gzip";
                return FaultServer.AnswerAsync(http, FaultServer.Frame(FaultServer.Gzip(new byte[64 * 1024 * 1024]), compressed: true));
            },
            CtrErrorKind.ResourceExhausted),
        ["announces a message of 2 GiB"] = (
            async http =>
            {
                await SendAsync(http, [0, 0x7f, 0xff, 0xff, 0xff]);
                await FaultServer.StallAsync(http);
            },
            CtrErrorKind.ResourceExhausted),
        ["resets the stream"] = (
            http =>
            {
                FaultServer.Reset(http, 2);
                return Task.CompletedTask;
            },
            CtrErrorKind.Unknown),
        ["resets the stream half-way"] = (
            async http =>
            {
                await SendAsync(http, [0, 0, 0]);
                FaultServer.Reset(http, 2);
            },
            CtrErrorKind.Unknown),
        ["closes the connection"] = (
            http =>
            {
                http.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
                return FaultServer.StallAsync(http);
            },
            CtrErrorKind.Unavailable),
        ["goes away in the middle"] = (
            async http =>
            {
                await SendAsync(http, [0, 0, 0]);
                http.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
                await FaultServer.StallAsync(http);
            },
            CtrErrorKind.DeadlineExceeded),
        ["sends headers without end"] = (
            http => FaultServer.AnswerTrailersOnly(http, "5", ("grpc-message", new string('x', 200_000))), CtrErrorKind.Unavailable),
    };

    /// <summary>Has a method answered as it should be.</summary>
    public static void Mend(FaultServer server, string method)
    {
        if (method == "Subscribe")
        {
            var topics = Channel.CreateUnbounded<string>();
            server.On("Publish", http => PublishAsync(http, topics.Writer));
            server.On("Subscribe", http => DeliverAsync(http, topics.Reader));
            return;
        }

        server.On(method, AnswerOf(method));
    }

    /// <summary>Takes an event.</summary>
    public static Task AcknowledgeAsync(HttpContext http) => FaultServer.AnswerAsync(http, Frame(new Empty()));

    private static RequestDelegate AnswerOf(string method) => method switch
    {
        "Get" => http => FaultServer.AnswerAsync(http, Frame(new GetResponse { Process = new() { ContainerId = Id, Pid = 7, Status = Protocol.Types.Tasks.Status.Running } })),
        "ListStream" => http => FaultServer.AnswerAsync(http, Frame(new ListContainerMessage { Container = Container() })),
        "Read" => http => FaultServer.AnswerAsync(http, Frame(new ReadContentResponse { Data = ByteString.CopyFrom(Blob) })),
        "Write" => http => ReceiveAsync(http, _ => Task.CompletedTask),
        _ => throw new ArgumentOutOfRangeException(nameof(method)),
    };

    private static async Task PublishAsync(HttpContext http, ChannelWriter<string> topics)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        topics.TryWrite(PublishRequest.Parser.ParseFrom(body.ToArray().AsSpan(5)).Topic);
        await AcknowledgeAsync(http);
    }

    private static async Task DeliverAsync(HttpContext http, ChannelReader<string> topics)
    {
        try
        {
            await foreach (var topic in topics.ReadAllAsync(http.RequestAborted))
            {
                await SendAsync(http, Frame(new Envelope { Topic = topic }));
            }
        }
        catch (OperationCanceledException)
        {
            // The subscriber has gone.
        }
    }

    /// <summary>The health check's answer: it serves.</summary>
    public static Task ServeAsync(HttpContext http) => FaultServer.AnswerAsync(
        http, Frame(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving }));

    /// <summary>Takes an ingest, and has as much of it as was sent.</summary>
    /// <param name="http">The call.</param>
    /// <param name="before">What is waited for before the answer to an action.</param>
    public static async Task ReceiveAsync(HttpContext http, Func<WriteAction, Task> before)
    {
        await SendAsync(http, []);
        var header = new byte[5];
        long received = 0;
        while (await http.Request.Body.ReadAtLeastAsync(header, 5, throwOnEndOfStream: false) == 5)
        {
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1))];
            await http.Request.Body.ReadExactlyAsync(body);
            var request = WriteContentRequest.Parser.ParseFrom(body);
            received += request.Data.Length;
            await before(request.Action);
            await SendAsync(http, Frame(new WriteContentResponse { Action = request.Action, Offset = received }));
        }

        http.Response.AppendTrailer("grpc-status", received == Blob.Length ? "0" : "11");
    }

    private static Container Container() => new()
    {
        Id = Id, CreatedAt = new Timestamp(), UpdatedAt = new Timestamp(), Runtime = new() { Name = "io.containerd.runc.v2" },
    };

    private static byte[] Frame(IMessage message) => FaultServer.Frame(message.ToByteArray());

    private static async Task SendAsync(HttpContext http, byte[] bytes)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.ContentType = "application/grpc";
        }

        await http.Response.Body.WriteAsync(bytes);
        await http.Response.Body.FlushAsync();
    }
}
