namespace Containerd.Client;

/// <summary>The annotations of a checkpoint's index, as containerd's Go client reads them, and one of our own.</summary>
internal static class CheckpointAnnotations
{
    /// <summary>The name of the container's image.</summary>
    public const string Image = "org.opencontainers.image.ref.name";

    /// <summary>The name of the container's image in a checkpoint that Go's client made of a task alone.</summary>
    public const string TaskImage = "image.name";

    /// <summary>The name of the container's runtime.</summary>
    public const string Runtime = "io.containerd.checkpoint.runtime";

    /// <summary>The name of the container's snapshotter.</summary>
    public const string Snapshotter = "io.containerd.checkpoint.snapshotter";

    /// <summary>The container's id, which Go's client does not write.</summary>
    public const string Container = "containerd.powershell/checkpoint.container";
}
