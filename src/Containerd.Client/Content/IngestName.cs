using System.Text.RegularExpressions;

namespace Containerd.Client;

/// <summary>
/// The references of ingests, which name the lease that they are written under: none waits for another's lock, and one that
/// was left behind can be told from one that is being written.
/// </summary>
internal static partial class IngestName
{
    /// <summary>A reference for a blob that is written under a lease, and that a number or a digest tells from the others.</summary>
    public static string For(string purpose, string leaseId, object blob) => $"{purpose}-{leaseId}-{blob}";

    /// <summary>The lease that a reference names; null where it is not one of this client's.</summary>
    public static string? LeaseOf(string reference) => Pattern().Match(reference) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"\A[a-z]+-([0-9a-f]{32})(-.+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
