namespace Containerd.Client.Oci.Images;

/// <summary>The media types of images, OCI's and Docker's.</summary>
internal static class MediaTypes
{
    internal const string OciIndex = "application/vnd.oci.image.index.v1+json";
    internal const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    internal const string OciConfig = "application/vnd.oci.image.config.v1+json";
    internal const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    internal const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    internal const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    internal const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    internal const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    internal const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    internal const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    internal const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    internal static bool IsIndex(string mediaType) => mediaType is OciIndex or DockerIndex;

    internal static bool IsManifest(string mediaType) => mediaType is OciManifest or DockerManifest;

    internal static bool IsConfig(string mediaType) => mediaType is OciConfig or DockerConfig;

    /// <summary>Whether it is a layer of files, of any compression, also a foreign (not distributable) one.</summary>
    internal static bool IsLayer(string mediaType) =>
        mediaType.StartsWith(OciLayer, StringComparison.Ordinal)
        || mediaType.StartsWith("application/vnd.oci.image.layer.nondistributable.v1.tar", StringComparison.Ordinal)
        || mediaType.StartsWith(DockerLayer, StringComparison.Ordinal)
        || mediaType.StartsWith("application/vnd.docker.image.rootfs.foreign.diff.tar", StringComparison.Ordinal);
}
