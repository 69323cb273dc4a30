namespace Containerd.Client;

/// <summary>How long to wait between attempts: longer each time, and never all clients at once.</summary>
internal static class BackOff
{
    private const int FirstMilliseconds = 16;
    private const int LastMilliseconds = 2048;

    /// <summary>The wait before an attempt, counted from 0: half of it is fixed, the other half by chance.</summary>
    public static TimeSpan Delay(int attempt)
    {
        double most = Math.Min(LastMilliseconds, FirstMilliseconds * Math.Pow(2, attempt));
        return TimeSpan.FromMilliseconds(most * (1 + Random.Shared.NextDouble()) / 2);
    }
}
