using Containerd.Client.Grpc;

namespace Containerd.Client.Tests;

/// <summary>Generous bounds that turn a hang into a failure.</summary>
internal static class Within
{
    public static TimeSpan HangGuard { get; } = TimeSpan.FromSeconds(60);

    public static CallOptions Guard => new(Timeout: HangGuard);

    public static Task<T> BoundedAsync<T>(Task<T> task) => task.WaitAsync(HangGuard);

    public static Task BoundedAsync(Task task) => task.WaitAsync(HangGuard);
}
