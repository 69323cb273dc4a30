using Containerd.Client.Tests.Faults;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Tasks;
using Google.Protobuf;

namespace Containerd.Client.Tests.Checkpoints;

/// <summary>A checkpoint has the time that it takes, as long as the daemon serves.</summary>
public sealed class TaskCheckpointTests : IAsyncLifetime
{
    private FaultServer _server = null!;
    private ContainerdClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_daemon_that_falls_silent_is_given_up()
    {
        _server.On("Checkpoint", FaultServer.StallAsync);
        _server.On("Check", FaultServer.StallAsync);

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(WriteAsync(TimeSpan.FromMilliseconds(200))));

        Assert.Equal(CtrErrorKind.DeadlineExceeded, error.Kind);
    }

    [Fact]
    public async Task A_daemon_that_serves_is_waited_for()
    {
        var asked = new SemaphoreSlim(0);
        _server.On("Check", http =>
        {
            asked.Release();
            return FaultyDaemon.ServeAsync(http);
        });
        _server.On("Checkpoint", async http =>
        {
            // Twice as long as the deadline of another call at least.
            await asked.WaitAsync();
            await asked.WaitAsync();
            await FaultServer.AnswerAsync(http, FaultServer.Frame(new CheckpointTaskResponse().ToByteArray()));
        });

        await Within.EnoughTimeAsync(WriteAsync);
    }

    private Task WriteAsync(TimeSpan deadline)
    {
        var services = new ServiceChannel(_server.Channel, ContainerdAddress.Parse(_server.SocketPath), "default", deadline);
        var container = new Container { Id = "c1", Runtime = new() { Name = "io.containerd.runc.v2" } };
        return new TaskCheckpoint(_client.Tasks, new LeaseClient(services), container, new CheckpointOptions())
            .WriteAsync(services, "/images", CancellationToken.None);
    }
}
