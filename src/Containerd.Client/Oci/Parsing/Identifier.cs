using System.Text;
using System.Text.RegularExpressions;

namespace Containerd.Client.Oci;

/// <summary>Checks the identifiers of containerd: container and exec ids, namespaces, parts of a topic.</summary>
public static partial class Identifier
{
    /// <summary>The most bytes that an identifier has; containerd's limit.</summary>
    public const int MaximumBytes = 76;

    /// <summary>Whether containerd would take the text as an identifier.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: > 0 and <= MaximumBytes } && Form().IsMatch(text);

    /// <summary>Checks an identifier.</summary>
    /// <param name="text">The identifier.</param>
    /// <param name="what">What it names, for the message and the error id, such as <c>container id</c>.</param>
    /// <exception cref="CtrException">InvalidArgument: the identifier is empty, too long, or of another form.</exception>
    public static void Validate(string? text, string what)
    {
        if (!IsValid(text))
        {
            var why = string.IsNullOrEmpty(text) ? "is empty"
                : Encoding.UTF8.GetByteCount(text) > MaximumBytes ? $"has more than {MaximumBytes} bytes"
                : "has characters or an order of them that are not allowed";
            throw CtrException.InvalidArgument(
                "Invalid" + string.Concat(what.Split(' ').Select(word => char.ToUpperInvariant(word[0]) + word[1..])),
                $"The {what} '{text}' {why}: letters, digits, and between them single '.', '_' or '-' are allowed, {MaximumBytes} at most.",
                text);
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
