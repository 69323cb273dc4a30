namespace Containerd.Client;

/// <summary>The media types of what a checkpoint is made of.</summary>
internal static class CheckpointMediaTypes
{
    private const string Prefix = "application/vnd.containerd.container.";

    /// <summary>CRIU's images, a tar.</summary>
    public const string Memory = Prefix + "criu.checkpoint.criu.tar";

    /// <summary>The container's spec, an Any.</summary>
    public const string Config = Prefix + "checkpoint.config.v1+proto";

    /// <summary>The options with which the checkpoint was taken, an Any.</summary>
    public const string Options = Prefix + "checkpoint.options.v1+proto";

    /// <summary>The container's runtime options, an Any.</summary>
    public const string RuntimeOptions = Prefix + "checkpoint.runtime.options+proto";
}
