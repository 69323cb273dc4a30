using System.Collections.Concurrent;
using Containerd.Client.Tests.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Containers;

/// <summary>A task without its container is removed by way of a stand-in, which never stays.</summary>
public sealed class OrphanedTaskTests : IAsyncLifetime
{
    private const string DeleteContainer = "/containerd.services.containers.v1.Containers/Delete";

    private readonly ConcurrentQueue<string> _deleted = [];
    private FaultServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _server.On("Delete", http =>
        {
            _deleted.Enqueue(http.Request.Path.Value!);
            return FaultServer.AnswerAsync(http, FaultServer.Frame(new Empty().ToByteArray()));
        });
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_stand_in_goes_where_the_answer_to_its_making_was_lost()
    {
        _server.On("Create", FaultServer.StallAsync);

        Assert.Equal(CtrErrorKind.DeadlineExceeded, (await FailAsync(TimeSpan.FromMilliseconds(200))).Kind);
        Assert.Equal([DeleteContainer], _deleted);
    }

    [Fact]
    public async Task A_container_that_somebody_has_made_meanwhile_stays()
    {
        _server.On("Create", http => FaultServer.AnswerTrailersOnly(http, "6", ("grpc-message", "already exists")));

        Assert.Equal(CtrErrorKind.AlreadyExists, (await FailAsync(Within.HangGuard)).Kind);
        Assert.Empty(_deleted);
    }

    private async Task<CtrException> FailAsync(TimeSpan timeout)
    {
        var address = ContainerdAddress.Parse(_server.SocketPath);
        await using var client = ContainerdClient.Create(address, options: new() { Timeout = timeout });
        var error = await Assert.ThrowsAsync<CtrException>(
            () => Within.BoundedAsync(client.Containers.RemoveOrphanedTaskAsync("c1", CancellationToken.None)));

        // What takes its time is taken back after the error is told.
        await Within.BoundedAsync(UnfinishedWork.SettledAsync(address));
        return error;
    }
}
