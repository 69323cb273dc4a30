using Containerd.Client.Tests.Faults;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Tasks;
using Google.Protobuf;

namespace Containerd.Client.Tests.Events;

public sealed class DaemonObservationTests : IAsyncLifetime
{
    private FaultServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _server.On("List", http => FaultServer.AnswerAsync(http, FaultServer.Frame(new ListTasksResponse().ToByteArray())));
        FaultyDaemon.Mend(_server, "ListStream");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("4", "context deadline exceeded")]
    [InlineData("2", "ttrpc: closed")]
    public async Task An_exec_that_cannot_be_asked_about_ends_nothing(string status, string message)
    {
        var asked = new List<string>();
        _server.On("Get", async http =>
        {
            var request = await ReadAsync(http);
            asked.Add($"{request.ContainerId}/{request.ExecId}");
            await (request.ContainerId == "hung"
                ? FaultServer.AnswerTrailersOnly(http, status, ("grpc-message", message))
                : FaultServer.AnswerAsync(http, FaultServer.Frame(Sound(request).ToByteArray())));
        });

        var observed = await TakeAsync(("ns", "hung", "e1"), ("ns", "hung", "e2"), ("ns", "sound", "e1"));

        Assert.Equal(
            [("hung", "e1", CtrTaskStatus.Unknown), ("hung", "e2", CtrTaskStatus.Unknown), ("sound", "e1", CtrTaskStatus.Running)],
            observed.Execs.Select(exec => (exec.ContainerId, exec.ExecId!, exec.Status)));

        // A shim that hangs is waited for once.
        Assert.Equal(["hung/e1", "sound/e1"], asked);
    }

    [Fact]
    public async Task An_exec_that_is_gone_is_left_out()
    {
        _server.On("Get", http => FaultServer.AnswerTrailersOnly(http, "5", ("grpc-message", "not found")));

        Assert.Empty((await TakeAsync(("ns", "a", "e1"))).Execs);
    }

    [Fact]
    public async Task A_daemon_that_is_gone_is_an_error()
    {
        _server.On("Get", http => FaultServer.AnswerTrailersOnly(http, "14", ("grpc-message", "going down")));

        Assert.Equal(CtrErrorKind.Unavailable, (await Assert.ThrowsAsync<CtrException>(() => TakeAsync(("ns", "a", "e1")))).Kind);
    }

    private async Task<DaemonObservation> TakeAsync(params (string Namespace, string Id, string ExecId)[] execs)
    {
        using var client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath), "ns");
        return await Within.BoundedAsync(DaemonObservation.TakeAsync(client, allNamespaces: false, execs, CancellationToken.None));
    }

    private static GetResponse Sound(GetRequest request) =>
        new() { Process = new() { ContainerId = request.ContainerId, Id = request.ExecId, Pid = 7, Status = Protocol.Types.Tasks.Status.Running } };

    private static async Task<GetRequest> ReadAsync(Microsoft.AspNetCore.Http.HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        return GetRequest.Parser.ParseFrom(body.ToArray().AsSpan(5).ToArray());
    }
}
