namespace Containerd.Client;

/// <summary>Where the output of a process goes that nobody is attached to.</summary>
public sealed record DetachedOutput
{
    private DetachedOutput(string? uri) => Uri = uri;

    /// <summary>A log file in the container's own directory, which <c>Get-CtrLog</c> reads and which goes with the container.</summary>
    public static DetachedOutput DefaultLog { get; } = new(uri: null);

    /// <summary>Nowhere.</summary>
    public static DetachedOutput None { get; } = new("");

    /// <summary>The shim's URI, such as <c>file:///var/log/web.log</c> or <c>binary:///usr/bin/logger</c>; null for the default log.</summary>
    public string? Uri { get; }

    /// <summary>
    /// Whether the process gets a standard input that stays open for whoever attaches; else it reads the end at once. With
    /// a terminal it has one in any case.
    /// </summary>
    public bool StandardInput { get; init; }

    /// <summary>A log file; the shim appends to it.</summary>
    /// <param name="path">An absolute path on the daemon's host.</param>
    /// <exception cref="CtrException">The path is not absolute.</exception>
    public static DetachedOutput ToFile(string path) => Path.IsPathFullyQualified(path)
        ? new(new UriBuilder { Scheme = "file", Host = "", Path = path }.Uri.AbsoluteUri)
        : throw CtrException.InvalidArgument("InvalidLogPath", $"The log path '{path}' is not absolute: the daemon's shim opens it.", path);

    /// <summary>A logging URI of containerd's shim.</summary>
    /// <param name="uri">Of the scheme <c>file</c> or <c>binary</c>.</param>
    /// <exception cref="CtrException">The URI has another scheme or no path.</exception>
    public static DetachedOutput ToUri(string uri) =>
        System.Uri.TryCreate(uri, UriKind.Absolute, out Uri? parsed)
        && parsed.Scheme is "file" or "binary"
        && uri.StartsWith(parsed.Scheme, StringComparison.OrdinalIgnoreCase)
        && parsed.AbsolutePath.Length > 1
            ? new(uri)
            : throw CtrException.InvalidArgument(
                "InvalidLogUri", $"'{uri}' is not a logging URI: file:///path and binary:///path?key=value are allowed.", uri);
}
