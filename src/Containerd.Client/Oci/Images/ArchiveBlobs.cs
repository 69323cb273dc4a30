namespace Containerd.Client.Oci.Images;

/// <summary>A blob that has been handed out.</summary>
internal sealed record StoredBlob(string Digest, long Size, CompressionKind Compression);

/// <summary>
/// Hands the blobs of an archive out once each, checks them on the way, and keeps the small JSON ones, which say how
/// the others belong together.
/// </summary>
internal sealed class ArchiveBlobs(BlobReceiver receiver)
{
    /// <summary>The most bytes of a JSON document; OCI registries allow 4 MiB for a manifest.</summary>
    internal const int MaximumDocument = 8 << 20;

    private const long MaximumDocuments = 64 << 20;

    private readonly Dictionary<string, byte[]> _documents = [];
    private readonly HashSet<string> _digests = [];
    private long _documentBytes;

    internal IReadOnlyDictionary<string, byte[]> Documents => _documents;

    internal IReadOnlySet<string> Digests => _digests;

    /// <summary>Hands a blob out as it flows by.</summary>
    /// <param name="digest">The digest that the archive names; null where it names none.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="content">The content.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidDataException">The content has another digest or size.</exception>
    internal async Task<StoredBlob> AddAsync(string? digest, long size, Stream content, CancellationToken cancellationToken)
    {
        var start = new byte[(int)Math.Min(Compression.MagicLength, size)];
        await ReadWholeAsync(content, start, cancellationToken).ConfigureAwait(false);
        var whole = new PrefixedStream(start, content);
        if (digest is not null && start is [(byte)'{' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t', ..] && size <= MaximumDocument)
        {
            var document = new byte[size];
            await ReadWholeAsync(whole, document, cancellationToken).ConfigureAwait(false);
            await AddDocumentAsync(document, digest, cancellationToken).ConfigureAwait(false);
            return new(digest, size, CompressionKind.None);
        }

        if (digest is null || _digests.Add(digest))
        {
            digest = await HandOutAsync(digest, size, whole, cancellationToken).ConfigureAwait(false);
            _digests.Add(digest);
        }

        return new(digest, size, Compression.Detect(start));
    }

    /// <summary>Hands a document out that is in memory. One with that digest before it is not handed out again.</summary>
    /// <returns>The digest.</returns>
    internal async Task<string> AddDocumentAsync(byte[] document, string? expectedDigest, CancellationToken cancellationToken)
    {
        var content = new MemoryStream(document, writable: false);
        using var hashing = new HashingStream(content, expectedDigest);
        await hashing.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        var digest = hashing.Digest!;
        if (_documents.TryAdd(digest, document))
        {
            _documentBytes += document.Length;
            if (_documentBytes > MaximumDocuments)
            {
                throw new InvalidDataException($"The archive is refused: its JSON documents have more than {MaximumDocuments >> 20} MiB.");
            }

            _digests.Add(digest);
            content.Position = 0;
            await receiver(new(digest, document.Length, content), cancellationToken).ConfigureAwait(false);
        }

        return digest;
    }

    internal static async Task<byte[]> ReadDocumentAsync(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Size > MaximumDocument)
        {
            throw new InvalidDataException($"'{entry.Name}' of the archive has {entry.Size} bytes: {MaximumDocument} are allowed.");
        }

        var document = new byte[entry.Size];
        await ReadWholeAsync(entry.Content!, document, cancellationToken).ConfigureAwait(false);
        return document;
    }

    private async Task<string> HandOutAsync(string? digest, long size, Stream content, CancellationToken cancellationToken)
    {
        using var hashing = new HashingStream(content, digest);
        await receiver(new(digest, size, hashing), cancellationToken).ConfigureAwait(false);
        if (hashing.Digest is null && (digest is null || hashing.HasBeenRead))
        {
            await hashing.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        }

        return digest ?? hashing.Digest!;
    }

    private static async Task ReadWholeAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            await content.ReadExactlyAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The archive ends in the middle of a file.", e);
        }
    }
}
