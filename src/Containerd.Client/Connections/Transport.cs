namespace Containerd.Client.Connections;

/// <summary>A way to open streams to a daemon, and the URI by which HTTP/2 names it.</summary>
internal sealed record Transport(Uri Authority, Func<CancellationToken, ValueTask<Stream>> ConnectAsync)
{
    private static readonly Uri s_local = new("http://localhost");

    /// <exception cref="ArgumentException">TLS options for an address that has none, or that contradict each other.</exception>
    /// <exception cref="FileNotFoundException">A certificate or key is not there.</exception>
    public static Transport For(ContainerdAddress address, TlsOptions? tls = null)
    {
        if (address.Kind != ContainerdAddressKind.Tcp)
        {
            return tls is null
                ? new(s_local, address.Kind == ContainerdAddressKind.UnixSocket
                    ? new UnixSocketTransport(address.Path).ConnectAsync
                    : new NamedPipeTransport(address.Path).ConnectAsync)
                : throw new ArgumentException($"TLS is for tcp:// addresses only, not for {address}.", nameof(tls));
        }

        var tcp = new TcpTransport(address.Host, address.Port);
        return tls is { Insecure: true }
            ? new(Authority("http", address), tcp.ConnectAsync)
            : new(Authority("https", address), new TlsTransport(address.Host, tcp.ConnectAsync, tls ?? new TlsOptions()).ConnectAsync);

        static Uri Authority(string scheme, ContainerdAddress address) => new UriBuilder(scheme, address.Host, address.Port).Uri;
    }
}
