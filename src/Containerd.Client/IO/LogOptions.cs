namespace Containerd.Client.IO;

/// <summary>Which lines of a log file to read.</summary>
internal sealed record LogOptions
{
    private readonly int? _tail;

    /// <summary>The last so many lines only; null for all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public int? Tail
    {
        get => _tail;
        init
        {
            if (value is { } lines)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(lines, nameof(Tail));
            }

            _tail = value;
        }
    }

    /// <summary>The byte to begin with, which says all; null for what the others say.</summary>
    public long? Start { get; init; }

    /// <summary>
    /// Leaves out what is in a file that was last written before this. A plain log has no times of its lines: one
    /// that was written since is read as a whole.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// Follows the file as it grows, is truncated or replaced, until this completes and the end is reached; a task
    /// that never completes follows until cancelled. Null reads to the present end.
    /// </summary>
    public Task? Finished { get; init; }
}
