using Containerd.Protocol.Health;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Containerd.Client.Tests.Grpc;

/// <summary>What is not to be left half done has its time after a cancellation, as long as the daemon answers.</summary>
public sealed class CompletionTests : IAsyncLifetime
{
    private static readonly Resource s_task = Resource.Task("t");
    private static readonly CancellationToken s_cancelled = new(canceled: true);
    private FaultServer _server = null!;
    private ServiceChannel _services = null!;

    public async Task InitializeAsync()
    {
        _server = await FaultServer.StartAsync();
        _services = new ServiceChannel(_server.Channel, ContainerdAddress.Parse(_server.SocketPath), "default", Within.HangGuard);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_silent_daemon_is_not_waited_for()
    {
        _server.On("Check", FaultServer.StallAsync);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(
            _services.CompleteAsync(Endless, s_task, s_cancelled)));
    }

    [Fact]
    public async Task A_daemon_that_answers_gets_the_time_that_it_needs()
    {
        var asked = new SemaphoreSlim(0);
        _server.On("Check", http => ServeAsync(http, asked));
        await Within.BoundedAsync((_services with { Silence = Within.HangGuard }).CompleteAsync(
            async token =>
            {
                for (var i = 0; i < 3; i++)
                {
                    await asked.WaitAsync(token);
                }
            },
            s_task,
            s_cancelled,
            Within.HangGuard));
    }

    [Fact]
    public async Task A_daemon_that_answers_gets_no_more_than_the_limit()
    {
        _server.On("Check", http => ServeAsync(http, new SemaphoreSlim(0)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(
            _services.CompleteAsync(Endless, s_task, s_cancelled, TimeSpan.FromMilliseconds(300))));
    }

    [Fact]
    public async Task What_its_caller_left_goes_on_and_is_waited_for_by_the_next_one()
    {
        _server.On("Check", FaultServer.StallAsync);
        var finish = new TaskCompletionSource();
        var work = CancellationToken.None;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(_services.CompleteAsync(
            token => Task.WhenAll(finish.Task, Task.Run(() => work = token, token)), s_task, s_cancelled)));

        Assert.False(work.IsCancellationRequested);
        await Within.BoundedAsync(_services.SettledAsync(Resource.Task("other"), default));
        await Within.BoundedAsync((_services with { Namespace = "other" }).SettledAsync(s_task, default));
        var settled = (_services with { LeaseId = "l" }).SettledAsync(s_task, default);
        Assert.False(settled.IsCompleted);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(_services.SettledAsync(s_task, s_cancelled)));
        finish.SetException(new InvalidOperationException());
        await Within.BoundedAsync(settled);
    }

    [Fact]
    public async Task What_is_not_finished_in_time_is_an_error_of_whoever_waits_for_it()
    {
        _server.On("Check", FaultServer.StallAsync);
        var finish = new TaskCompletionSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(
            _services.CompleteAsync(_ => finish.Task, s_task, s_cancelled)));
        var hurried = _services with { Timeout = TimeSpan.FromMilliseconds(50) };

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(hurried.SettledAsync(s_task, default)));

        Assert.Equal(("TaskUnfinished", CtrErrorKind.DeadlineExceeded), (error.ErrorId, error.Kind));
        finish.SetResult();
        await Within.BoundedAsync(_services.SettledAsync(s_task, default));
    }

    [Fact]
    public async Task What_got_no_answer_is_taken_back_and_not_waited_for_from_a_silent_daemon()
    {
        _server.On("Check", FaultServer.StallAsync);
        _server.On("Create", FaultServer.StallAsync);
        var takenBack = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        var hurried = _services with { Timeout = TimeSpan.FromMilliseconds(50) };

        var error = await Assert.ThrowsAsync<CtrException>(() => Within.BoundedAsync(hurried.CallToEndAsync(
            TaskMethods.Create,
            new(),
            s_task,
            default,
            _ =>
            {
                takenBack.SetResult();
                return finish.Task;
            })));

        Assert.Equal(CtrErrorKind.DeadlineExceeded, error.Kind);
        await Within.BoundedAsync(takenBack.Task);
        finish.SetResult();
    }

    [Fact]
    public async Task A_cancellation_that_comes_later_counts_from_then_on()
    {
        _server.On("Check", FaultServer.StallAsync);
        using var cancel = new CancellationTokenSource();
        var working = _services.CompleteAsync(Endless, s_task, cancel.Token);
        Assert.False(working.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within.BoundedAsync(working));
    }

    [Fact]
    public async Task What_fails_in_time_fails_as_it_is() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => Within.BoundedAsync(
            _services.CompleteAsync(_ => throw new InvalidOperationException(), s_task, s_cancelled)));

    [Fact]
    public async Task A_clean_up_hides_that_it_was_given_up()
    {
        _server.On("Check", FaultServer.StallAsync);
        await Within.BoundedAsync(_services.CleanUpAsync(Endless, s_task, s_cancelled));
    }

    private static Task Endless(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    private static Task ServeAsync(HttpContext http, SemaphoreSlim asked)
    {
        asked.Release();
        var response = new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving };
        return FaultServer.AnswerAsync(http, FaultServer.Frame(response.ToByteArray()));
    }
}
