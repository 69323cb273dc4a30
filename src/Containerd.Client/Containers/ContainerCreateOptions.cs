namespace Containerd.Client;

/// <summary>What <see cref="ContainerClient.CreateAsync"/> makes.</summary>
/// <remarks>
/// The root file system is that of <see cref="Image"/>, in a new snapshot; or the existing snapshot of
/// <see cref="SnapshotKey"/>; or the directory that the spec names.
/// </remarks>
public sealed record ContainerCreateOptions
{
    internal const string DefaultRuntime = "io.containerd.runc.v2";

    /// <summary>The id, and what the spec is generated from.</summary>
    public required ContainerSpecOptions SpecOptions { get; init; }

    /// <summary>A spec that is used as it is in place of a generated one. Where it names no control group it gets the container's.</summary>
    public CtrSpec? Spec { get; init; }

    /// <summary>The image's name; null without an image.</summary>
    public string? Image { get; init; }

    /// <summary>Labels over those of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The runtime's name.</summary>
    public string Runtime { get; init; } = DefaultRuntime;

    /// <summary>
    /// Options of the runtime by name: text, true or false, or numbers. Those of runc's shims are the fields of
    /// containerd.runc.v1.Options, such as <c>BinaryName</c>, <c>Root</c>, <c>SystemdCgroup</c> or <c>NoPivotRoot</c>; those
    /// of Windows's of containerd.runhcs.v1.Options, such as <c>Debug</c>; those of runtime v1 of
    /// containerd.linux.runc.RuncOptions, such as <c>Runtime</c> or <c>RuntimeRoot</c>.
    /// </summary>
    public IReadOnlyDictionary<string, object?> RuntimeOptions { get; init; } = new Dictionary<string, object?>();

    /// <summary>The snapshotter; null for the daemon's default.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>An existing writable snapshot; null for a new one under the container's id.</summary>
    public string? SnapshotKey { get; init; }

    /// <summary>The signal that asks the process to end; null for the image's.</summary>
    public string? StopSignal { get; init; }
}
