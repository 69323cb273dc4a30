using Containerd.Client.Tests.Faults;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Leases;
using Containerd.Protocol.Tasks;
using Containerd.Protocol.Types.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Checkpoints;

/// <summary>A task that is held for its checkpoint goes on or ends, whatever fails; where neither is sure, that is told.</summary>
public sealed class HeldTaskTests : IAsyncLifetime
{
    // Nothing is measured: a Resume that is never answered is given up then.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);

    private readonly List<string> _calls = [];
    private FaultServer _server = null!;
    private ContainerdClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        await _server.AssertNextCallWorksAsync();
        _client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath), options: new() { Timeout = Within.HangGuard });
        Answer("Get", new GetResponse { Process = new() { ContainerId = "c1", Pid = 7, Status = Status.Running } });
        Answer("Pause", new Empty());
        Answer("Resume", new Empty());
        Answer("Create", new CreateResponse());
        Answer("AddResource", new Empty());
        Answer("Kill", new Empty());
        Answer("Wait", new WaitResponse { ExitStatus = 137, ExitedAt = new Timestamp() });
        Answer("Checkpoint", new CheckpointTaskResponse
        {
            Descriptors = { new Protocol.Types.ContentDescriptor { MediaType = "application/vnd.containerd.container.criu.checkpoint.criu.tar", Digest = "sha256:0" } },
        });
        _server.On("Check", FaultyDaemon.ServeAsync);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task The_task_ends_when_its_memory_is_there()
    {
        var checkpoint = Checkpoint();
        await TakeAsync(checkpoint);

        Assert.True(checkpoint.IsTaskGone);
        Assert.Equal(["Get", "Pause", "Checkpoint", "Create", "AddResource", "Kill", "Resume", "Wait"], Calls());
    }

    [Fact]
    public async Task A_task_that_does_not_go_on_after_a_checkpoint_that_failed_is_told_of()
    {
        using var hasty = _client.WithTimeout(s_limit);
        Fail("Checkpoint");
        On("Resume", FaultServer.StallAsync);
        var checkpoint = Checkpoint(hasty);

        var error = await Assert.ThrowsAsync<CtrException>(() => TakeAsync(checkpoint));

        Assert.Contains("no room", error.Message, StringComparison.Ordinal);
        Assert.Contains("may be suspended still", error.Message, StringComparison.Ordinal);
        Assert.Contains("Resume-CtrTask", error.RecommendedAction, StringComparison.Ordinal);
        Assert.False(checkpoint.HasEndedTask);
    }

    [Theory]
    [InlineData("Create")]
    [InlineData("AddResource")]
    public async Task A_task_whose_memory_cannot_be_kept_goes_on(string at)
    {
        Fail(at);
        var checkpoint = Checkpoint();

        await Assert.ThrowsAsync<CtrException>(() => TakeAsync(checkpoint));

        Assert.False(checkpoint.HasEndedTask);
        Assert.Equal([at, "Resume"], Calls().TakeLast(2));
    }

    [Fact]
    public async Task A_signal_without_an_answer_leaves_no_task_suspended()
    {
        On("Kill", http => FaultServer.AnswerTrailersOnly(http, "14", ("grpc-message", "going down")));
        var checkpoint = Checkpoint();

        var error = await Assert.ThrowsAsync<CtrException>(() => TakeAsync(checkpoint));

        Assert.Equal(CtrErrorKind.Unavailable, error.Kind);
        Assert.Equal((true, false), (checkpoint.HasEndedTask, checkpoint.IsTaskGone));
        Assert.Equal("Resume", Calls().Last());
    }

    [Fact]
    public async Task A_task_that_its_caller_had_suspended_stays_so_where_it_cannot_be_killed()
    {
        Answer("Get", new GetResponse { Process = new() { ContainerId = "c1", Pid = 7, Status = Status.Paused } });
        Fail("Kill");
        var checkpoint = Checkpoint();

        await Assert.ThrowsAsync<CtrException>(() => TakeAsync(checkpoint));

        Assert.False(checkpoint.HasEndedTask);
        Assert.Equal(["Get", "Checkpoint", "Create", "AddResource", "Kill"], Calls());
    }

    [Theory]
    [InlineData("Kill")]
    [InlineData("Wait")]
    public async Task A_task_that_somebody_has_removed_by_then_has_ended(string at)
    {
        On(at, http => FaultServer.AnswerTrailersOnly(http, "5", ("grpc-message", "not found")));
        var checkpoint = Checkpoint();

        await TakeAsync(checkpoint);

        Assert.True(checkpoint.IsTaskGone);
    }

    [Fact]
    public async Task A_caller_may_leave_a_shim_that_hangs_as_it_is_killed()
    {
        using var source = new CancellationTokenSource();
        On("Resume", async http =>
        {
            await source.CancelAsync();
            await FaultServer.StallAsync(http);
        });
        var checkpoint = Checkpoint();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TakeAsync(checkpoint, source.Token));

        Assert.Equal((true, false), (checkpoint.HasEndedTask, checkpoint.IsTaskGone));
    }

    [Fact]
    public async Task A_caller_that_leaves_while_the_task_ends_has_its_checkpoint()
    {
        using var source = new CancellationTokenSource();
        On("Wait", async http =>
        {
            await source.CancelAsync();
            await FaultServer.StallAsync(http);
        });
        var checkpoint = Checkpoint();

        await TakeAsync(checkpoint, source.Token);

        Assert.True(checkpoint.IsTaskGone);
    }

    [Fact]
    public async Task A_pause_without_an_answer_is_told_of()
    {
        using var hasty = _client.WithTimeout(s_limit);
        On("Pause", FaultServer.StallAsync);
        On("Resume", FaultServer.StallAsync);

        var error = await Assert.ThrowsAsync<CtrException>(() => TakeAsync(Checkpoint(hasty)));

        Assert.Equal(CtrErrorKind.DeadlineExceeded, error.Kind);
        Assert.Contains("may be suspended still", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_after_one_whose_caller_has_left_waits_until_the_task_goes_on()
    {
        using var source = new CancellationTokenSource();
        var written = new TaskCompletionSource();
        On("Checkpoint", async http =>
        {
            await source.CancelAsync();
            await written.Task;
            await FaultServer.AnswerTrailersOnly(http, "2", ("grpc-message", "too late"));
        });
        On("Resume", async http =>
        {
            await written.Task;
            await FaultServer.AnswerAsync(http, FaultServer.Frame(new Empty().ToByteArray()));
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TakeAsync(Checkpoint(), source.Token));

        // What is wrong here is early: so long it may come.
        var next = _client.WithTimeout(Within.HangGuard).Tasks.HoldAsync("c1", CancellationToken.None);
        await Task.WhenAny(next, Task.Delay(500));
        var before = Calls().Count(call => call == "Get");
        written.SetResult();

        Assert.True(await Within.BoundedAsync(next));
        Assert.Equal(1, before);
    }

    private TaskCheckpoint Checkpoint() => Checkpoint(_client);

    private TaskCheckpoint Checkpoint(ContainerdClient client) => new(
        client.Tasks,
        new LeaseClient(Services),
        new Container { Id = "c1", Runtime = new() { Name = "io.containerd.runc.v2" } },
        new CheckpointOptions { Exit = true });

    private ServiceChannel Services => new(_server.Channel, ContainerdAddress.Parse(_server.SocketPath), "default", Within.HangGuard);

    private Task<CtrDescriptor> TakeAsync(TaskCheckpoint checkpoint, CancellationToken cancellationToken = default) =>
        Within.BoundedAsync(checkpoint.TakeAsync(new Lease(Services, cancellationToken), cancellationToken));

    private string[] Calls()
    {
        lock (_calls)
        {
            return [.. _calls];
        }
    }

    private void Answer(string method, IMessage answer) =>
        On(method, http => FaultServer.AnswerAsync(http, FaultServer.Frame(answer.ToByteArray())));

    private void Fail(string method) =>
        On(method, http => FaultServer.AnswerTrailersOnly(http, "2", ("grpc-message", "no room")));

    private void On(string method, Microsoft.AspNetCore.Http.RequestDelegate answer) => _server.On(method, http =>
    {
        lock (_calls)
        {
            _calls.Add(method);
        }

        return answer(http);
    });
}
