namespace Containerd.Client.Oci.Images;

/// <summary>
/// Reads images out of an OCI layout (a tar, plain or gzip, or a directory) or an archive of docker save, in a single
/// pass: blobs flow through to the receiver, and only JSON documents are kept until the end is reached.
/// </summary>
internal sealed class ImageArchiveReader
{
    private readonly ArchiveBlobs _blobs;
    private readonly ImageArchiveOptions _options;
    private readonly Dictionary<string, byte[]> _documents = [];
    private readonly Dictionary<string, StoredBlob> _layers = [];
    private readonly Dictionary<string, string> _links = [];

    private ImageArchiveReader(BlobReceiver receiver, ImageArchiveOptions? options)
    {
        _blobs = new(receiver);
        _options = options ?? new();
    }

    /// <summary>Reads an archive to its end. The stream stays open.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged, incomplete, of another layout, or leaves its root.</exception>
    /// <exception cref="NotSupportedException">The archive is compressed with zstd.</exception>
    /// <exception cref="FormatException">The name asked for is not that of an image.</exception>
    internal static Task<ImageArchive> ReadAsync(Stream archive, BlobReceiver receiver, ImageArchiveOptions? options, CancellationToken cancellationToken) =>
        new ImageArchiveReader(receiver, options).ReadAsync(ArchiveEntry.ReadTarAsync(archive, cancellationToken), cancellationToken);

    /// <summary>Reads an OCI layout that lies in a directory.</summary>
    /// <exception cref="InvalidDataException">The layout is damaged or incomplete.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="FormatException">The name asked for is not that of an image.</exception>
    internal static Task<ImageArchive> ReadDirectoryAsync(string path, BlobReceiver receiver, ImageArchiveOptions? options, CancellationToken cancellationToken) =>
        new ImageArchiveReader(receiver, options).ReadAsync(ArchiveEntry.ReadDirectoryAsync(path), cancellationToken);

    private async Task<ImageArchive> ReadAsync(IAsyncEnumerable<ArchiveEntry> entries, CancellationToken cancellationToken)
    {
        var name = _options.Name is null ? null : ImageReference.Parse(_options.Name).ToString();
        await foreach (var entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await ReadEntryAsync(entry, cancellationToken).ConfigureAwait(false);
        }

        var images = _documents.ContainsKey(OciLayoutImages.LayoutFile)
            ? await new OciLayoutImages(_blobs, _documents).ReadAsync(name, cancellationToken).ConfigureAwait(false)
            : _documents.ContainsKey(DockerArchiveImages.ManifestFile)
                ? await new DockerArchiveImages(_blobs, _documents, _layers, _links).ReadAsync(name, cancellationToken).ConfigureAwait(false)
                : throw new InvalidDataException("This is not an archive of images: it holds neither the file oci-layout of an OCI layout nor the manifest.json of docker save.");
        return new(images, _blobs.Documents, _blobs.Digests);
    }

    private async Task ReadEntryAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (entry.LinkTarget is not null)
        {
            _links[entry.Name] = entry.LinkTarget;
        }
        else if (DigestOf(entry.Name) is { } digest)
        {
            _layers[entry.Name] = await _blobs.AddAsync(digest, entry.Size, entry.Content!, cancellationToken).ConfigureAwait(false);
        }
        else if (entry.Name == OciLayoutImages.LayoutFile || IsTopLevelJson(entry.Name))
        {
            if (!_documents.TryAdd(entry.Name, await ArchiveBlobs.ReadDocumentAsync(entry, cancellationToken).ConfigureAwait(false)))
            {
                throw new InvalidDataException($"The archive is refused: it holds '{entry.Name}' twice.");
            }
        }
        else if (IsLayer(entry.Name))
        {
            _layers[entry.Name] = await _blobs.AddAsync(null, entry.Size, entry.Content!, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The digest that a file of the OCI layout's folder <c>blobs</c> is named by.</summary>
    private static string? DigestOf(string name)
    {
        if (name.Split('/') is not ["blobs", var algorithm, var hex])
        {
            return null;
        }

        var digest = $"{algorithm}:{hex}";
        return ContentDigest.IsValid(digest)
            ? digest
            : throw new InvalidDataException($"The archive is refused: the name of its blob '{name}' is not a digest of SHA-256, SHA-384 or SHA-512.");
    }

    private static bool IsTopLevelJson(string name) =>
        !name.Contains('/', StringComparison.Ordinal) && name.EndsWith(".json", StringComparison.Ordinal);

    private static bool IsLayer(string name) =>
        name.EndsWith(".tar", StringComparison.Ordinal) || name.EndsWith(".tar.gz", StringComparison.Ordinal) || name.EndsWith(".tgz", StringComparison.Ordinal);
}
