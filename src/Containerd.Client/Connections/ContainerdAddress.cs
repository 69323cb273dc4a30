using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Containerd.Client;

/// <summary>How a daemon is reached.</summary>
public enum ContainerdAddressKind
{
    /// <summary>A unix socket.</summary>
    UnixSocket,

    /// <summary>A named pipe of this machine.</summary>
    NamedPipe,

    /// <summary>A TCP port.</summary>
    Tcp,
}

/// <summary>
/// Where a containerd daemon listens: <c>unix:///path</c> or a path that begins with a slash,
/// <c>npipe:////./pipe/name</c>, or <c>tcp://host:port</c>.
/// </summary>
public sealed record ContainerdAddress
{
    // sockaddr_un holds 108 bytes with the NUL at the end, unix(7).
    private const int MaxSocketPathBytes = 107;
    private const int MaxPipeNameLength = 256;
    private const string UnixPrefix = "unix://";
    private const string PipePrefix = "npipe://";
    private const string PipeRoot = "//./pipe/";
    private const string TcpPrefix = "tcp://";

    private ContainerdAddress(ContainerdAddressKind kind, string path, int port = 0)
    {
        Kind = kind;
        (Path, Host, Port) = kind == ContainerdAddressKind.Tcp ? ("", path, port) : (path, "", 0);
    }

    /// <summary>The platform's default: <c>/run/containerd/containerd.sock</c>, on Windows the pipe <c>containerd-containerd</c>.</summary>
    public static ContainerdAddress Default { get; } = OperatingSystem.IsWindows()
        ? new(ContainerdAddressKind.NamedPipe, "containerd-containerd")
        : new(ContainerdAddressKind.UnixSocket, "/run/containerd/containerd.sock");

    /// <summary>How the daemon is reached.</summary>
    public ContainerdAddressKind Kind { get; }

    /// <summary>The socket's path or the pipe's name; empty for TCP.</summary>
    public string Path { get; }

    /// <summary>The host's name in lower case or its IP address, an IPv6 one without brackets; empty unless TCP.</summary>
    public string Host { get; }

    /// <summary>The TCP port, 1 to 65535; 0 unless TCP.</summary>
    public int Port { get; }

    /// <summary>Reads an address.</summary>
    /// <param name="address">A path, <c>unix:///path</c>, <c>npipe:////./pipe/name</c> or <c>tcp://host:port</c>.</param>
    /// <returns>The address.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="address"/> is null.</exception>
    /// <exception cref="FormatException">It is none of these; the message says what is allowed.</exception>
    public static ContainerdAddress Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Read(address, out var problem) ?? throw new FormatException(
            $"'{address}' is no containerd address: {problem}. Allowed are a path that begins with '/', unix:///path, "
            + "npipe:////./pipe/name and tcp://host:port.");
    }

    /// <summary>Reads an address, without an exception when it is none.</summary>
    /// <param name="address">What to read.</param>
    /// <param name="result">The address, or null.</param>
    /// <returns>Whether it is an address.</returns>
    public static bool TryParse([NotNullWhen(true)] string? address, [NotNullWhen(true)] out ContainerdAddress? result)
    {
        result = address is null ? null : Read(address, out _);
        return result is not null;
    }

    /// <summary>The address in its canonical form, which <see cref="Parse"/> reads.</summary>
    /// <returns><c>unix:///path</c>, <c>npipe:////./pipe/name</c> or <c>tcp://host:port</c>.</returns>
    public override string ToString() => Kind switch
    {
        ContainerdAddressKind.UnixSocket => UnixPrefix + Path,
        ContainerdAddressKind.NamedPipe => PipePrefix + PipeRoot + Path,
        _ => string.Create(CultureInfo.InvariantCulture, $"{TcpPrefix}{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}"),
    };

    private static ContainerdAddress? Read(string address, out string problem)
    {
        if (address.StartsWith(TcpPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return ReadTcp(address[TcpPrefix.Length..], out problem);
        }

        var slashed = address.Replace('\\', '/');
        if (slashed.StartsWith(PipePrefix, StringComparison.OrdinalIgnoreCase))
        {
            return ReadPipe(slashed[PipePrefix.Length..], out problem);
        }

        if (slashed.StartsWith(PipeRoot, StringComparison.OrdinalIgnoreCase))
        {
            return ReadPipe(slashed, out problem);
        }

        return ReadUnix(
            address.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase) ? address[UnixPrefix.Length..] : address, out problem);
    }

    private static ContainerdAddress? ReadUnix(string path, out string problem)
    {
        problem = path switch
        {
            _ when !path.StartsWith('/') => "a socket's path must begin with '/'",
            _ when path.EndsWith('/') => "a directory is no socket",
            _ when path.Contains('\0', StringComparison.Ordinal) => "a path holds no NUL character",
            _ when Encoding.UTF8.GetByteCount(path) > MaxSocketPathBytes => $"a socket's path has at most {MaxSocketPathBytes} bytes",
            _ => "",
        };
        return problem.Length == 0 ? new(ContainerdAddressKind.UnixSocket, path) : null;
    }

    private static ContainerdAddress? ReadPipe(string path, out string problem)
    {
        var name = path.StartsWith(PipeRoot, StringComparison.OrdinalIgnoreCase) ? path[PipeRoot.Length..] : "";
        problem = name switch
        {
            "" => "a pipe's path is //./pipe/ and its name",
            _ when name.AsSpan().ContainsAny('/', '\0') => "a pipe's name holds no slash and no NUL character",
            _ when name.Length > MaxPipeNameLength => $"a pipe's name has at most {MaxPipeNameLength} characters",
            _ => "",
        };
        return problem.Length == 0 ? new(ContainerdAddressKind.NamedPipe, name) : null;
    }

    private static ContainerdAddress? ReadTcp(string authority, out string problem)
    {
        var colon = authority.LastIndexOf(':');
        if (colon < 0
            || !int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > IPEndPoint.MaxPort)
        {
            problem = $"a port from 1 to {IPEndPoint.MaxPort} must follow the host";
            return null;
        }

        problem = "the host must be a name, an IPv4 address, or an IPv6 address in brackets";
        return ReadHost(authority[..colon]) is { } host ? new(ContainerdAddressKind.Tcp, host, port) : null;
    }

    private static string? ReadHost(string host)
    {
        if (host is ['[', .. var inner, ']'])
        {
            return Uri.CheckHostName(inner) == UriHostNameType.IPv6 && IPAddress.TryParse(inner, out var address)
                && address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId == 0
                ? address.ToString()
                : null;
        }

        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? host.ToLowerInvariant() : null;
    }
}
