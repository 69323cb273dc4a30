using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Tasks;

/// <summary>Many execs at once in one container, which wait for each other.</summary>
public sealed class ExecQueueTests : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(3);

    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("ctr-queue-");
    private FaultServer _server = null!;
    private ContainerdClient _client = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _server.On("Get", http => Answer(http, new GetContainerResponse
        {
            Container = new()
            {
                Id = "c1",
                CreatedAt = new(),
                UpdatedAt = new(),
                Runtime = new() { Name = "io.containerd.runc.v2" },
                Spec = new() { Value = ByteString.CopyFromUtf8("{}") },
            },
        }));
        _server.On("Exec", http => Answer(http, new Empty()));
        _server.On("Check", FaultServer.StallAsync);
        _server.On("Kill", NotFoundAsync);
        _server.On("Wait", NotFoundAsync);
        _client = ContainerdClient.Create(
            ContainerdAddress.Parse(_server.SocketPath), options: new() { Timeout = s_limit, StateDirectory = _state.FullName });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Theory]
    [InlineData("Exec")]
    [InlineData("Start")]
    public async Task On_a_shim_that_hangs_all_fail_within_their_limit_and_not_one_after_the_other(string silent)
    {
        _server.On(silent, FaultServer.StallAsync);

        // One pair after the other it would be a minute and more.
        var errors = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Assert.ThrowsAsync<CtrException>(StartAsync)))
            .WaitAsync(Within.HangGuard / 2);

        Assert.All(errors, error => Assert.Equal(CtrErrorKind.DeadlineExceeded, error.Kind));
        var waited = errors.Where(error => error.ErrorId == "TaskNotResponding").ToArray();
        Assert.NotEmpty(waited);
        Assert.All(waited, error => Assert.Equal("c1", error.Target));
    }

    [Fact]
    public async Task Behind_starts_that_are_slow_and_go_through_one_waits_for_longer_than_the_limit()
    {
        var ended = 0;
        _server.On("Start", async http =>
        {
            await Task.Delay(s_limit / 3);
            await Answer(http, new StartResponse { Pid = (uint)Interlocked.Increment(ref ended) });
        });

        var processes = await Within.BoundedAsync(Task.WhenAll(Enumerable.Range(0, 10).Select(_ => StartAsync())));

        Assert.Equal(Enumerable.Range(1, 10), processes.Select(process => process.Pid).Order());
    }

    [Fact]
    public async Task Behind_one_whose_two_answers_take_longer_than_the_limit_one_waits()
    {
        var limit = s_limit * 2;
        _server.On("Exec", http => AnswerLateAsync(http, new Empty()));
        _server.On("Start", http => AnswerLateAsync(http, new StartResponse { Pid = 1 }));
        using var patient = _client.WithTimeout(limit);

        await Within.BoundedAsync(Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync(patient))));

        async Task AnswerLateAsync(HttpContext http, IMessage message)
        {
            await Task.Delay(limit * 0.55);
            await Answer(http, message);
        }
    }

    [Fact]
    public async Task Behind_starts_that_are_refused_one_waits_for_longer_than_the_limit()
    {
        _server.On("Start", async http =>
        {
            await Task.Delay(s_limit / 3);
            await FaultServer.AnswerTrailersOnly(http, "9", ("grpc-message", "not now"));
        });

        var errors = await Within.BoundedAsync(
            Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Assert.ThrowsAsync<CtrException>(StartAsync))));

        Assert.All(errors, error => Assert.Equal(CtrErrorKind.FailedPrecondition, error.Kind));
    }

    private Task<CtrProcess> StartAsync() => StartAsync(_client);

    private static Task<CtrProcess> StartAsync(ContainerdClient client) => client.Tasks.StartDetachedExecAsync("c1", new() { Command = ["true"] }, DetachedOutput.None);

    private static Task NotFoundAsync(HttpContext http) => FaultServer.AnswerTrailersOnly(http, "5", ("grpc-message", "not found"));

    private static Task Answer(HttpContext http, IMessage message) => FaultServer.AnswerAsync(http, FaultServer.Frame(message.ToByteArray()));
}
