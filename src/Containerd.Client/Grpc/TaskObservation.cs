namespace Containerd.Client.Grpc;

/// <summary>For tasks whose outcome nobody may be left to await.</summary>
internal static class TaskObservation
{
    /// <summary>Keeps a failure from being reported as unobserved.</summary>
    public static void Observe(this Task task) => _ = task.ContinueWith(
        static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
