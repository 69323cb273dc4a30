using System.Diagnostics;
using Containerd.Client.Tests.Grpc;
using Containerd.Protocol.Content;
using Containerd.Protocol.Tasks;
using Containerd.Protocol.Types.Tasks;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Faults;

/// <summary>
/// Whatever a daemon does wrong, and in whichever kind of call: a typed error in bounded time, nothing that stays open, and
/// the next call works.
/// </summary>
public sealed class FaultyDaemonTests : IAsyncLifetime
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMilliseconds(500);

    private static readonly Dictionary<string, Func<ContainerdClient, ContentClient, Task>> s_calls = new()
    {
        ["Get"] = async (client, _) => Assert.Equal(7, (await client.Tasks.GetAsync(FaultyDaemon.Id)).Pid),
        ["ListStream"] = async (client, _) => Assert.Equal(
            [FaultyDaemon.Id], await client.Containers.ListAsync().Select(container => container.Id).ToArrayAsync()),
        ["Read"] = async (_, content) => Assert.Equal(
            FaultyDaemon.Blob, await content.ReadAsync("sha256:0", FaultyDaemon.Blob.Length, CancellationToken.None)),

        // With a filter nothing is followed, so that nothing but marks is asked for.
        ["Subscribe"] = async (client, _) =>
            await (await client.Events.SubscribeAsync(new EventSubscription { Filters = ["event.x==y"] })).DisposeAsync(),
        ["Write"] = (_, content) => content.WriteAsync(
            "ingest",
            digest: null,
            FaultyDaemon.Blob.Length,
            new MemoryStream(FaultyDaemon.Blob),
            new Dictionary<string, string>(),
            progress: null,
            CancellationToken.None),
    };

    private FaultServer _server = null!;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var call in s_calls.Keys)
            {
                foreach (var fault in FaultyDaemon.Faults.Keys)
                {
                    cases.Add(call, fault);
                }
            }

            return cases;
        }
    }

    public async Task InitializeAsync() => _server = await FaultServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_call_survives_a_daemon_that(string call, string fault)
    {
        var (answer, expected) = FaultyDaemon.Faults[fault];
        var address = ContainerdAddress.Parse(_server.SocketPath);

        // Where nothing is to come late, time is given: nothing is measured here.
        var deadline = expected == CtrErrorKind.DeadlineExceeded ? s_deadline : Within.HangGuard;
        using (var client = ContainerdClient.Create(address, options: new() { Timeout = deadline }))
        {
            using var sound = client.WithTimeout(Within.HangGuard);
            var content = Content(deadline);
            _server.On("Publish", FaultyDaemon.AcknowledgeAsync);
            _server.On(call, answer);
            for (var i = 0; i < 3; i++)
            {
                var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(s_calls[call](client, content)));
                Assert.True(expected == error.Kind, $"{error.Kind}: {error.Message}");
            }

            await UntilAsync(() => _server.Calls == 0 && _server.Connections <= 1);
            FaultyDaemon.Mend(_server, call);
            await Within.BoundedAsync(s_calls[call](sound, Content(Within.HangGuard)));
        }

        _server.Channel.Dispose();
        await UntilAsync(() => _server.Connections == 0);
    }

    [Theory]
    [InlineData(nameof(WriteAction.Stat))]
    [InlineData(nameof(WriteAction.Write))]
    [InlineData(nameof(WriteAction.Commit))]
    public async Task An_ingest_is_given_up_when_the_daemon_falls_silent(string at)
    {
        _server.On("Write", http => FaultyDaemon.ReceiveAsync(
            http, action => action.ToString() == at ? FaultServer.StallAsync(http) : Task.CompletedTask));
        _server.On("Check", FaultServer.StallAsync);

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(s_calls["Write"](null!, Content(s_deadline))));

        Assert.Equal((CtrErrorKind.DeadlineExceeded, "DaemonTimeout"), (error.Kind, error.ErrorId));
        await UntilAsync(() => _server.Calls == 0);
    }

    [Fact]
    public async Task A_commit_may_take_longer_than_the_deadline_where_the_daemon_serves()
    {
        var asked = new SemaphoreSlim(0);
        _server.On("Write", http => FaultyDaemon.ReceiveAsync(
            http, action => action == WriteAction.Commit ? asked.WaitAsync(Within.HangGuard) : Task.CompletedTask));
        _server.On("Check", http =>
        {
            asked.Release();
            return FaultyDaemon.ServeAsync(http);
        });

        await Within.EnoughTimeAsync(deadline => s_calls["Write"](null!, Content(deadline)));
    }

    [Fact]
    public async Task Details_of_a_process_that_cannot_be_decoded_are_an_error_that_names_it()
    {
        var details = new Any { TypeUrl = "containerd.runc.v1.ProcessDetails", Value = ByteString.CopyFrom(0x0a, 0x7f) };
        FaultyDaemon.Mend(_server, "Get");
        _server.On("ListPids", http => FaultServer.AnswerAsync(http, FaultServer.Frame(
            new ListPidsResponse { Processes = { new ProcessInfo { Pid = 7 }, new ProcessInfo { Pid = 8, Info = details } } }.ToByteArray())));
        using var client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath));

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(client.Tasks.ListProcessesAsync(FaultyDaemon.Id)));

        Assert.Equal(("ProcessDetailsInvalid", CtrErrorKind.Unknown), (error.ErrorId, error.Kind));
        Assert.Contains("process 8 in container 'c1'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get")]
    [InlineData("ListStream")]
    [InlineData("Read")]
    [InlineData("Subscribe")]
    [InlineData("Write")]
    public async Task A_call_on_a_connection_that_was_closed_says_so(string call)
    {
        using var client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath));
        client.Dispose();
        _server.Channel.Dispose();

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(s_calls[call](client, Content(s_deadline))));

        Assert.Equal(("ConnectionClosed", CtrErrorKind.Unavailable), (error.ErrorId, error.Kind));
    }

    [Fact]
    public async Task A_wait_ends_at_once_where_there_is_no_daemon_or_this_side_closes_the_connection()
    {
        using var nobody = ContainerdClient.Create(ContainerdAddress.Parse(FaultServer.NewSocketPath()));
        using var client = ContainerdClient.Create(ContainerdAddress.Parse(_server.SocketPath));
        var asked = new TaskCompletionSource();
        _server.On("Wait", http =>
        {
            asked.SetResult();
            return FaultServer.StallAsync(http);
        });
        var waiting = client.Tasks.WaitAsync(FaultyDaemon.Id);
        await Within.BoundedAsync(asked.Task);
        var watch = Stopwatch.StartNew();
        client.Dispose();

        Assert.Equal("ConnectionClosed", (await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(waiting))).ErrorId);
        Assert.Equal("DaemonUnavailable", (await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(nobody.Tasks.WaitAsync(FaultyDaemon.Id)))).ErrorId);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }

    private ContentClient Content(TimeSpan deadline) =>
        new(new(_server.Channel, ContainerdAddress.Parse(_server.SocketPath), "default", deadline));

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var guard = new CancellationTokenSource(Within.HangGuard);
        while (!condition())
        {
            await Task.Delay(10, guard.Token);
        }
    }
}
