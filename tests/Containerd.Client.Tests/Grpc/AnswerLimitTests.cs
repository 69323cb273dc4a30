using Containerd.Client.Grpc;

namespace Containerd.Client.Tests.Grpc;

public sealed class AnswerLimitTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task An_answer_that_comes_as_its_time_is_over_is_too_late_for_the_stream_is_reset()
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Within.BoundedAsync(
            AnswerLimit.WithinAsync(s_soon, token => AfterAsync(more: true, token), CancellationToken.None).AsTask()));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }

    [Fact]
    public async Task The_end_of_a_stream_is_its_end_whenever_it_comes() => Assert.False(await Within.BoundedAsync(
        AnswerLimit.WithinAsync(s_soon, token => AfterAsync(more: false, token), CancellationToken.None).AsTask()));

    [Fact]
    public async Task A_caller_who_cancels_is_told_so()
    {
        using var caller = new CancellationTokenSource(s_soon);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Within.BoundedAsync(AnswerLimit.WithinAsync(
            Within.HangGuard,
            async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return true;
            },
            caller.Token).AsTask()));
    }

    private static async ValueTask<bool> AfterAsync(bool more, CancellationToken token)
    {
        await Task.Delay(Timeout.Infinite, token).ContinueWith(static _ => { }, TaskScheduler.Default);
        return more;
    }
}
