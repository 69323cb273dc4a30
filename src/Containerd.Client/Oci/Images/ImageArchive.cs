namespace Containerd.Client.Oci.Images;

/// <summary>
/// Takes a blob of an archive, for example to the content store. The content is valid during the call; a receiver
/// that has the digest already need not read it.
/// </summary>
internal delegate Task BlobReceiver(ArchiveBlob blob, CancellationToken cancellationToken);

/// <summary>A blob on its way out of an archive.</summary>
/// <param name="Digest">The digest that the content is checked against as it is read; null where the archive names none (a layer of docker save).</param>
/// <param name="Size">Bytes.</param>
/// <param name="Content">The content; not to be disposed.</param>
internal sealed record ArchiveBlob(string? Digest, long Size, Stream Content);

/// <summary>An image of an archive.</summary>
/// <param name="Name">The full name; null where neither the archive nor the caller gave one.</param>
/// <param name="Target">The manifest or index; its blob was handed out.</param>
internal sealed record ArchiveImage(string? Name, CtrDescriptor Target);

/// <summary>What an archive held, when all of it has been read.</summary>
/// <param name="Images">At least one; the same target occurs once for each of its names.</param>
/// <param name="Documents">Indexes, manifests and configurations by digest.</param>
/// <param name="Blobs">The digests of all blobs that were handed out.</param>
internal sealed record ImageArchive(
    IReadOnlyList<ArchiveImage> Images,
    IReadOnlyDictionary<string, byte[]> Documents,
    IReadOnlySet<string> Blobs);

/// <summary>How an archive is read.</summary>
internal sealed record ImageArchiveOptions
{
    /// <summary>The name that the image gets instead of the archive's; null keeps that.</summary>
    internal string? Name { get; init; }
}
