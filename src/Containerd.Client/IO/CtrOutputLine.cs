namespace Containerd;

/// <summary>One line of a process's output.</summary>
public sealed record CtrOutputLine
{
    /// <summary>The container whose process wrote the line.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The exec that wrote the line; null for the container's init process.</summary>
    public string? ExecId { get; init; }

    /// <summary>The stream it was written to.</summary>
    public CtrOutputStream Stream { get; init; }

    /// <summary>
    /// The text without its line ending (LF or CRLF). Bytes that are not UTF-8 are replaced by U+FFFD.
    /// A line of more than 1 MiB arrives as several.
    /// </summary>
    public required string Text { get; init; }

    /// <summary>When the client read the line; null where the source keeps no times, as a plain log file does.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The text.</summary>
    /// <returns><see cref="Text"/>.</returns>
    public override string ToString() => Text;
}
