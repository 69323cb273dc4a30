using Containerd.Client.Oci.Images;

namespace Containerd.Client;

/// <summary>The parts of a checkpoint that is an image: an index whose manifests are no manifests.</summary>
internal sealed class CheckpointImage(ImageIndex index)
{
    /// <summary>Whether an index is that of a checkpoint.</summary>
    public bool IsCheckpoint => Memory is not null || Config is not null;

    /// <summary>CRIU's images.</summary>
    public CtrDescriptor? Memory => Find(CheckpointMediaTypes.Memory);

    /// <summary>The container's spec.</summary>
    public CtrDescriptor? Config => Find(CheckpointMediaTypes.Config);

    /// <summary>The container's runtime options.</summary>
    public CtrDescriptor? RuntimeOptions => Find(CheckpointMediaTypes.RuntimeOptions);

    /// <summary>What the container has written.</summary>
    public CtrDescriptor? RwLayer => index.Manifests.FirstOrDefault(part => MediaTypes.IsLayer(part.MediaType));

    /// <summary>The target of the container's own image.</summary>
    public CtrDescriptor? BaseImage =>
        index.Manifests.FirstOrDefault(part => MediaTypes.IsManifest(part.MediaType) || MediaTypes.IsIndex(part.MediaType));

    /// <summary>The name of the container's own image.</summary>
    public string? BaseImageName => Annotation(CheckpointAnnotations.Image) ?? Annotation(CheckpointAnnotations.TaskImage);

    /// <summary>The name of the container's runtime.</summary>
    public string? Runtime => Annotation(CheckpointAnnotations.Runtime);

    /// <summary>The name of the container's snapshotter.</summary>
    public string? Snapshotter => Annotation(CheckpointAnnotations.Snapshotter);

    /// <summary>The container's id.</summary>
    public string? ContainerId => Annotation(CheckpointAnnotations.Container);

    /// <summary>Bytes of the parts, the container's own image not among them.</summary>
    public long Size => Descriptors.SizeOf(index.Manifests.Where(part => part != BaseImage));

    private CtrDescriptor? Find(string mediaType) => index.Manifests.FirstOrDefault(part => part.MediaType == mediaType);

    private string? Annotation(string name) => index.Annotations.TryGetValue(name, out string? value) && !string.IsNullOrEmpty(value) ? value : null;
}
