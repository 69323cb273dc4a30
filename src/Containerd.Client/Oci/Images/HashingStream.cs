using System.Security.Cryptography;

namespace Containerd.Client.Oci.Images;

/// <summary>
/// Hashes what is read through it. Where a digest is expected, the read that meets the end fails if the content has
/// another one, so that a reader never takes wrong content for whole. Does not own the stream.
/// </summary>
internal sealed class HashingStream : ForwardStream
{
    private readonly Stream _content;
    private readonly string? _expected;
    private readonly string _algorithm;
    private readonly IncrementalHash _hash;

    internal HashingStream(Stream content, string? expectedDigest)
    {
        _content = content;
        _expected = expectedDigest;
        _algorithm = expectedDigest is null ? "sha256" : expectedDigest[..expectedDigest.IndexOf(':', StringComparison.Ordinal)];
        _hash = IncrementalHash.CreateHash(new HashAlgorithmName(_algorithm.ToUpperInvariant()));
    }

    /// <summary>The digest, once the end has been read; null before.</summary>
    internal string? Digest { get; private set; }

    internal bool HasBeenRead { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        var length = _content.Read(buffer);
        Append(buffer[..length], buffer.Length);
        return length;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var length = await _content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Append(buffer.Span[..length], buffer.Length);
        return length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Append(ReadOnlySpan<byte> read, int wanted)
    {
        HasBeenRead = true;
        if (read.Length > 0)
        {
            _hash.AppendData(read);
        }
        else if (wanted > 0 && Digest is null)
        {
            var digest = $"{_algorithm}:{Convert.ToHexString(_hash.GetHashAndReset()).ToLowerInvariant()}";
            if (_expected is not null && digest != _expected)
            {
                throw new InvalidDataException($"The content named {_expected} is damaged: its digest is {digest}.");
            }

            Digest = digest;
        }
    }
}
