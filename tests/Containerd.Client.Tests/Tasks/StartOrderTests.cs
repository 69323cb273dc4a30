using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Tasks;

/// <summary>With a daemon that answers a start only when it has been asked for the end.</summary>
public sealed class StartOrderTests : IAsyncLifetime
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("ctr-order-");
    private readonly TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Any? _spec = new() { Value = ByteString.CopyFromUtf8("{}") };
    private FaultServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _server.On("Get", http => http.Request.Path.Value!.Contains("containers", StringComparison.Ordinal)
            ? Answer(http, new GetContainerResponse { Container = new() { Id = "c1", CreatedAt = new(), UpdatedAt = new(), Runtime = new() { Name = "io.containerd.runc.v2" }, Spec = _spec } })
            : FaultServer.AnswerTrailersOnly(http, "5", ("grpc-message", "not found")));
        _server.On("Create", http => Answer(http, new CreateTaskResponse { ContainerId = "c1", Pid = 7 }));
        _server.On("Exec", http => Answer(http, new Empty()));
        _server.On("Start", async http =>
        {
            await _waited.Task;
            await Answer(http, new StartResponse { Pid = 7 });
        });
        _server.On("Wait", http =>
        {
            _waited.TrySetResult();
            return Answer(http, new WaitResponse { ExitStatus = 3, ExitedAt = new() });
        });
        _server.On("Delete", http => Answer(http, new DeleteResponse { ExitStatus = 3, ExitedAt = new(), Pid = 7 }));
        _server.On("DeleteProcess", http => Answer(http, new DeleteResponse { ExitStatus = 3, ExitedAt = new(), Pid = 7 }));
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _state.Delete(recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_is_asked_for_before_the_start(bool exec)
    {
        using var client = ContainerdClient.Create(
            ContainerdAddress.Parse(_server.SocketPath), options: new() { Timeout = Within.HangGuard, StateDirectory = _state.FullName });
        var starting = exec ? client.Tasks.StartExecAsync("c1", new() { Command = ["true"] }) : client.Tasks.StartAttachedAsync("c1");

        await using var process = await Within.BoundedAsync(starting);

        Assert.Equal(3, (await Within.BoundedAsync(process.CompleteAsync())).ExitCode);
    }

    [Fact]
    public async Task A_container_without_a_spec_is_an_error()
    {
        _spec = null;
        using var client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath), options: new() { Timeout = Within.HangGuard });

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(client.Tasks.StartAttachedAsync("c1")));

        Assert.Equal("SpecInvalid", error.ErrorId);
    }

    private static Task Answer(HttpContext http, IMessage message) => FaultServer.AnswerAsync(http, FaultServer.Frame(message.ToByteArray()));
}
