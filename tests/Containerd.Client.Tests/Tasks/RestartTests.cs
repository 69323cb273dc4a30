using Containerd.Client.Tests.Faults;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Tasks;

/// <summary>With a daemon that goes away in the middle of a wait, and has the same process or another one by this id when it is back.</summary>
public sealed class RestartTests : IAsyncLifetime
{
    private const uint Ours = 7, Theirs = 8;

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("ctr-restart-");
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goesAway = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FaultServer _server = null!;
    private ContainerdClient _client = null!;
    private uint _pid;
    private int _waits;
    private int _kills;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _server.On("Get", http => http.Request.Path.Value!.Contains("containers", StringComparison.Ordinal) ? AnswerContainer(http) : AnswerProcess(http));
        _server.On("Create", http => Answer(http, new CreateTaskResponse { ContainerId = "c1", Pid = Ours }));
        _server.On("Exec", http => Answer(http, new Empty()));
        _server.On("Start", http =>
        {
            _pid = Ours;
            return Answer(http, new StartResponse { Pid = Ours });
        });
        _server.On("Wait", async http =>
        {
            if (Interlocked.Increment(ref _waits) == 1)
            {
                await _goesAway.Task;
                await FaultServer.AnswerTrailersOnly(http, "14", ("grpc-message", "going down"));
                return;
            }

            await Answer(http, new WaitResponse { ExitStatus = 3, ExitedAt = new() });
        });
        _server.On("Check", FaultyDaemon.ServeAsync);
        _server.On("Kill", http =>
        {
            Interlocked.Increment(ref _kills);
            return Answer(http, new Empty());
        });
        _server.On("Delete", http => Answer(http, new DeleteResponse { ExitStatus = 3, ExitedAt = new(), Pid = Ours }));
        _server.On("DeleteProcess", http => Answer(http, new DeleteResponse { ExitStatus = 3, ExitedAt = new(), Pid = Ours }));
        _client = ContainerdClient.Create(
            ContainerdAddress.Parse(_server.SocketPath), options: new() { Timeout = Within.HangGuard, StateDirectory = _state.FullName });
    }

    public async Task DisposeAsync()
    {
        _goesAway.TrySetResult();
        _client.Dispose();
        await _server.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false, Ours, 3)]
    [InlineData(false, Theirs, 255)]
    [InlineData(true, Ours, 3)]
    [InlineData(true, Theirs, 255)]
    public async Task The_end_of_a_process_is_its_own_and_not_that_of_the_next_one(bool exec, uint afterwards, int exitCode)
    {
        await using var process = await Within.BoundedAsync(StartAsync(exec));
        _pid = afterwards;
        _goesAway.SetResult();

        Assert.Equal(exitCode, (await Within.BoundedAsync(process.Exited)).ExitCode);
    }

    [Theory]
    [InlineData(null, Ours, 3)]
    [InlineData(null, Theirs, 255)]
    [InlineData("e1", Ours, 3)]
    [InlineData("e1", Theirs, 255)]
    public async Task Whoever_waits_gets_the_end_of_the_process_that_was_there(string? execId, uint afterwards, int exitCode)
    {
        _pid = Ours;
        var waiting = _client.Tasks.WaitAsync("c1", execId);
        await Within.BoundedAsync(_told.Task);
        _pid = afterwards;
        _goesAway.SetResult();

        Assert.Equal(exitCode, (await Within.BoundedAsync(waiting)).ExitCode);
    }

    [Theory]
    [InlineData(false, Ours, 1)]
    [InlineData(false, Theirs, 0)]
    [InlineData(true, Ours, 1)]
    [InlineData(true, Theirs, 0)]
    public async Task Letting_go_of_a_process_kills_it_and_not_the_next_one(bool exec, uint afterwards, int kills)
    {
        var process = await Within.BoundedAsync(StartAsync(exec));
        _pid = afterwards;

        await Within.BoundedAsync(process.DisposeAsync().AsTask());
        await Within.BoundedAsync(_client.DisposeAsync().AsTask());

        Assert.Equal(kills, _kills);
    }

    private Task<RunningProcess> StartAsync(bool exec) =>
        exec ? _client.Tasks.StartExecAsync("c1", new() { Command = ["true"] }) : _client.Tasks.StartAttachedAsync("c1");

    private async Task AnswerProcess(HttpContext http)
    {
        if (_pid == 0)
        {
            await FaultServer.AnswerTrailersOnly(http, "5", ("grpc-message", "not found"));
            return;
        }

        http.Response.OnCompleted(() =>
        {
            _told.TrySetResult();
            return Task.CompletedTask;
        });
        await Answer(http, new GetResponse { Process = new() { ContainerId = "c1", Pid = _pid, Status = Protocol.Types.Tasks.Status.Running } });
    }

    private static Task AnswerContainer(HttpContext http) => Answer(http, new GetContainerResponse
    {
        Container = new()
        {
            Id = "c1",
            CreatedAt = new(),
            UpdatedAt = new(),
            Runtime = new() { Name = "io.containerd.runc.v2" },
            Spec = new() { Value = ByteString.CopyFromUtf8("{}") },
        },
    });

    private static Task Answer(HttpContext http, IMessage message) => FaultServer.AnswerAsync(http, FaultServer.Frame(message.ToByteArray()));
}
