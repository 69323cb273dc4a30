using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Containerd.Client.Oci;

/// <summary>Checks and makes digests of content: <c>sha256:</c> and 64 lower-case hexadecimal digits, or SHA-384, SHA-512.</summary>
/// <remarks>Source: OCI image specification, descriptor.md, section Digests.</remarks>
public static partial class ContentDigest
{
    /// <summary>Whether the text is a digest that containerd can check.</summary>
    public static bool IsValid(string? text) => text is not null && Form().IsMatch(text);

    /// <summary>Checks a digest.</summary>
    /// <exception cref="FormatException">The text is not a digest.</exception>
    public static void Validate(string? text)
    {
        if (!IsValid(text))
        {
            throw new FormatException($"'{text}' is not a digest: sha256: and 64 hexadecimal digits in lower case are wanted (or sha384, sha512 with 96, 128).");
        }
    }

    /// <summary>The SHA-256 digest of bytes.</summary>
    public static string FromBytes(ReadOnlySpan<byte> content) => FromHash(SHA256.HashData(content));

    /// <summary>The digest in text of a SHA-256 hash.</summary>
    internal static string FromHash(ReadOnlySpan<byte> sha256) => $"sha256:{Convert.ToHexString(sha256).ToLowerInvariant()}";

    [GeneratedRegex(@"\A(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
