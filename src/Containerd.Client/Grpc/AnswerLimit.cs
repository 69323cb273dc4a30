namespace Containerd.Client.Grpc;

/// <summary>The time that one answer of a stream may take, however long the stream lasts as a whole.</summary>
internal static class AnswerLimit
{
    /// <summary>Waits for an answer.</summary>
    /// <param name="limit">How long; null for no limit.</param>
    /// <param name="answer">Fetches the answer.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="RpcException">DeadlineExceeded where it did not come in time; the stream is reset.</exception>
    public static async ValueTask<bool> WithinAsync(
        TimeSpan? limit, Func<CancellationToken, ValueTask<bool>> answer, CancellationToken cancellationToken)
    {
        if (limit is not { } time || time == Timeout.InfiniteTimeSpan)
        {
            return await answer(cancellationToken).ConfigureAwait(false);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(time);
        try
        {
            bool came = await answer(end.Token).ConfigureAwait(false);

            // One that came in the last moment: the stream may have been reset by then, and the next answer would not come.
            return came && IsOver() ? throw TooLate(time) : came;
        }
        catch (OperationCanceledException e) when (IsOver())
        {
            throw TooLate(time, e);
        }

        bool IsOver() => end.IsCancellationRequested && !cancellationToken.IsCancellationRequested;
    }

    private static RpcException TooLate(TimeSpan time, Exception? cause = null) =>
        new(new Status(StatusCode.DeadlineExceeded, $"The next answer did not come within {time}."), cause);
}
