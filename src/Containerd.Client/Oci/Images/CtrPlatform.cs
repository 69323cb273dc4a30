using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Containerd;

/// <summary>An operating system and processor that an image is for.</summary>
/// <remarks>Source: OCI image specification, image-index.md, property <c>platform</c>; names as Go's GOOS and GOARCH.</remarks>
public sealed partial record CtrPlatform
{
    /// <summary>The operating system, such as <c>linux</c>.</summary>
    [JsonPropertyName("os")]
    public string OS { get; init => field = value ?? ""; } = "";

    /// <summary>The processor, such as <c>amd64</c> or <c>arm64</c>.</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get; init => field = value ?? ""; } = "";

    /// <summary>The processor's variant, such as <c>v7</c> for arm; null where there is none.</summary>
    [JsonPropertyName("variant")]
    public string? Variant { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>The version of the operating system (Windows).</summary>
    [JsonPropertyName("os.version")]
    public string? OSVersion { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>Linux on this machine's processor: what a local daemon runs.</summary>
    [JsonIgnore]
    public static CtrPlatform Current { get; } = new CtrPlatform
    {
        OS = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            var other => other.ToString().ToLowerInvariant(),
        },
    }.Normalize();

    /// <summary>Reads <c>os/architecture[/variant]</c>, or an architecture alone, which is Linux's.</summary>
    /// <param name="text">Such as <c>linux/amd64</c>, <c>linux/arm/v7</c> or <c>arm64</c>; usual other names are taken too, such as <c>x86_64</c>.</param>
    /// <exception cref="FormatException">The text is not a platform.</exception>
    public static CtrPlatform Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Trim().Split('/');
        if (parts.Length > 3 || !parts.All(p => Part().IsMatch(p)))
        {
            throw new FormatException($"'{text}' is not a platform: os/architecture[/variant] is wanted, such as linux/amd64 or linux/arm/v7.");
        }

        return new CtrPlatform
        {
            OS = parts.Length == 1 ? "linux" : parts[0],
            Architecture = parts.Length == 1 ? parts[0] : parts[1],
            Variant = parts.Length == 3 ? parts[2] : null,
        }.Normalize();
    }

    /// <summary>The usual names, and no variant where it is the architecture's only or first one.</summary>
    public CtrPlatform Normalize()
    {
        var architecture = Architecture.ToLowerInvariant();
        var variant = Variant?.ToLowerInvariant();
        (architecture, variant) = (architecture, variant) switch
        {
            ("x86_64" or "x86-64", _) => ("amd64", variant),
            ("i386" or "i686" or "x86", _) => ("386", null),
            ("aarch64", _) => ("arm64", variant),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            _ => (architecture, variant),
        };
        variant = variant is not null && variant.All(char.IsAsciiDigit) ? "v" + variant : variant;
        variant = (architecture, variant) switch
        {
            ("amd64", "v1") or ("arm64", "v8") => null,
            ("arm", null) => "v7",
            _ => variant,
        };
        var os = OS.ToLowerInvariant();
        return this with { OS = os == "macos" ? "darwin" : os, Architecture = architecture, Variant = variant };
    }

    /// <summary>
    /// How well a machine of this platform runs an image of another: 0 is best, null is not at all. A processor runs
    /// older variants of itself; amd64 runs 386, arm64 runs arm.
    /// </summary>
    public int? RankOf(CtrPlatform image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var host = Normalize();
        var other = image.Normalize();
        var index = host.OS == other.OS ? host.Runnable().IndexOf((other.Architecture, other.Variant)) : -1;
        return index < 0 ? null : index;
    }

    /// <summary>The best of an index's entries for this platform; null where none runs on it.</summary>
    internal CtrDescriptor? Select(IEnumerable<CtrDescriptor> manifests) => manifests
        .Where(m => m.Platform is not null)
        .Where(m => RankOf(m.Platform!) is not null)
        .MinBy(m => RankOf(m.Platform!));

    /// <summary><c>os/architecture[/variant]</c>.</summary>
    public override string ToString() => Variant is null ? $"{OS}/{Architecture}" : $"{OS}/{Architecture}/{Variant}";

    private List<(string Architecture, string? Variant)> Runnable()
    {
        var level = Variant is ['v', .. var digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        return Architecture switch
        {
            "amd64" => [.. Down("amd64", level, 2), ("amd64", null), ("386", null)],
            "arm64" => [.. Down("arm64", level, 9), ("arm64", null), .. Down("arm", 8, 5)],
            "arm" => [.. Down("arm", level, 5)],
            _ => [(Architecture, Variant)],
        };
    }

    private static IEnumerable<(string, string?)> Down(string architecture, int from, int to)
    {
        for (var level = Math.Min(from, 32); level >= to; level--)
        {
            yield return (architecture, $"v{level}");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_.-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
