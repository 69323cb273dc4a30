using System.Buffers;
using System.Collections;
using System.Net.Http.Headers;

namespace Containerd.Client.Grpc;

/// <summary>
/// Headers or trailers of a call, in order, with repeated keys kept. A key that ends in <c>-bin</c> has a binary
/// value, any other a printable ASCII one (gRPC core, PROTOCOL-HTTP2.md, "Custom-Metadata").
/// </summary>
internal sealed class Metadata : IReadOnlyCollection<Metadata.Entry>
{
    private const string BinarySuffix = "-bin";
    private static readonly SearchValues<char> s_keyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");
    private readonly List<Entry> _entries = [];

    public static Metadata Empty => new();

    public int Count => _entries.Count;

    /// <exception cref="ArgumentException">A key or value that the wire cannot carry.</exception>
    public void Add(string key, string value)
    {
        key = ValidKey(key);
        if (IsBinary(key))
        {
            throw new ArgumentException($"The value of '{key}' must be bytes: its key ends in '{BinarySuffix}'.", nameof(key));
        }

        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException($"The value of '{key}' may hold printable ASCII characters only.", nameof(value));
        }

        _entries.Add(new Entry(key, value, null));
    }

    /// <exception cref="ArgumentException">A key that the wire cannot carry, or without the suffix of binary keys.</exception>
    public void Add(string key, byte[] value)
    {
        key = ValidKey(key);
        if (!IsBinary(key))
        {
            throw new ArgumentException($"'{key}' has a binary value, so its key must end in '{BinarySuffix}'.", nameof(key));
        }

        _entries.Add(new Entry(key, null, value));
    }

    /// <summary>The last ASCII value of the key, or null.</summary>
    public string? GetValue(string key) => Last(key)?.Value;

    /// <summary>The last binary value of the key, or null.</summary>
    public byte[]? GetValueBytes(string key) => Last(key)?.ValueBytes;

    public IEnumerator<Entry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static Metadata From(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            foreach (var value in values)
            {
                metadata.AddReceived(name.ToLowerInvariant(), value);
            }
        }

        return metadata;
    }

    internal void CopyTo(HttpHeaders headers)
    {
        foreach (var entry in _entries)
        {
            headers.TryAddWithoutValidation(entry.Key, entry.Value ?? EncodeBinary(entry.ValueBytes));
        }
    }

    // Peers may join several binary values with commas and may pad or not; what is not base64 is not ours to judge.
    private void AddReceived(string key, string value)
    {
        if (!IsBinary(key))
        {
            _entries.Add(new Entry(key, value, null));
            return;
        }

        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (TryDecodeBinary(part) is { } bytes)
            {
                _entries.Add(new Entry(key, null, bytes));
            }
        }
    }

    internal static string EncodeBinary(ReadOnlySpan<byte> value) => Convert.ToBase64String(value).TrimEnd('=');

    internal static byte[]? TryDecodeBinary(string text)
    {
        var trimmed = text.TrimEnd('=');
        var padded = trimmed.PadRight((trimmed.Length + 3) / 4 * 4, '=');
        var bytes = new byte[trimmed.Length * 3 / 4];
        return Convert.TryFromBase64String(padded, bytes, out var written) && written == bytes.Length ? bytes : null;
    }

    private Entry? Last(string key) =>
        _entries.FindLast(entry => string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase));

    private static bool IsBinary(string key) => key.EndsWith(BinarySuffix, StringComparison.Ordinal);

    private static string ValidKey(string key)
    {
        var lower = key.ToLowerInvariant();
        return lower.Length > 0 && !lower.AsSpan().ContainsAnyExcept(s_keyCharacters)
            ? lower
            : throw new ArgumentException($"'{key}' is no metadata key: letters, digits, '-', '_' and '.' are allowed.", nameof(key));
    }

    /// <summary>A key with its ASCII value or its bytes; the other one is null.</summary>
    internal sealed record Entry(string Key, string? Value, byte[]? ValueBytes);
}
