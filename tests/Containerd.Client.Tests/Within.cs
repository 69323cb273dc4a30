using Containerd.Client.Grpc;

namespace Containerd.Client.Tests;

/// <summary>Generous bounds that turn a hang into a failure.</summary>
internal static class Within
{
    public static TimeSpan HangGuard { get; } = TimeSpan.FromSeconds(60);

    public static CallOptions Guard => new(Timeout: HangGuard);

    public static Task<T> BoundedAsync<T>(Task<T> task) => task.WaitAsync(HangGuard);

    public static Task BoundedAsync(Task task) => task.WaitAsync(HangGuard);

    /// <summary>What is to succeed with a deadline, be it a longer one where the machine is slow.</summary>
    public static async Task EnoughTimeAsync(Func<TimeSpan, Task> work)
    {
        for (var deadline = TimeSpan.FromMilliseconds(200); ; deadline *= 2)
        {
            try
            {
                await BoundedAsync(work(deadline));
                return;
            }
            catch (CtrException e) when (e.Kind == CtrErrorKind.DeadlineExceeded && deadline < HangGuard / 4)
            {
            }
        }
    }
}
