namespace Containerd.Client;

/// <summary>How a client talks to its daemon, and where it keeps what belongs to containers.</summary>
public sealed record ContainerdClientOptions
{
    /// <summary>The time that a call which answers at once is given by default: one minute.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromMinutes(1);

    /// <summary>The time given to each call that answers at once; null for no limit. One minute by default.</summary>
    public TimeSpan? Timeout { get; init; } = DefaultTimeout;

    /// <summary>The largest message sent or received, in bytes; 16 MiB, containerd's own limit, by default.</summary>
    public int MaxMessageSize { get; init; } = 16 * 1024 * 1024;

    /// <summary>TLS for a <c>tcp://</c> address; null for a unix socket or a named pipe.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>
    /// The directory under which each container has a directory of its own for FIFOs and logs. By default
    /// <c>CONTAINERD_POWERSHELL_STATE</c>, else <c>/var/lib/containerd-powershell</c> for root and
    /// <c>$XDG_STATE_HOME/containerd-powershell</c> for others. It must be on the daemon's host.
    /// </summary>
    public string StateDirectory { get; init; } = DefaultStateDirectory();

    private static string DefaultStateDirectory()
    {
        if (Environment.GetEnvironmentVariable("CONTAINERD_POWERSHELL_STATE") is { Length: > 0 } configured)
        {
            return configured;
        }

        if (Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
        {
            return "/var/lib/containerd-powershell";
        }

        string home = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(home, "containerd-powershell");
    }
}
