using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Containerd.Client.Connections;

/// <summary>TLS over another transport's streams, with HTTP/2 agreed on by ALPN and, where given, a client certificate.</summary>
internal sealed class TlsTransport
{
    private readonly Func<CancellationToken, ValueTask<Stream>> _connect;
    private readonly SslClientAuthenticationOptions _authentication;

    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="FileNotFoundException">A certificate or key is not there.</exception>
    public TlsTransport(string host, Func<CancellationToken, ValueTask<Stream>> connect, TlsOptions options)
    {
        _connect = connect;
        _authentication = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            CertificateChainPolicy = TrustOnly(options),
            ClientCertificateContext = Certificate(options),
        };
    }

    /// <exception cref="AuthenticationException">The daemon is not trusted, does not trust us, or has no HTTP/2.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var stream = new SslStream(await _connect(cancellationToken).ConfigureAwait(false), leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(_authentication, cancellationToken).ConfigureAwait(false);
            return stream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
                ? stream
                : throw new AuthenticationException("The server does not offer HTTP/2 over TLS.");
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static X509ChainPolicy? TrustOnly(TlsOptions options)
    {
        if (options.CACertificatePath is null && options.CACertificate is null)
        {
            return null;
        }

        // Private authorities rarely publish revocations.
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        if (options.CACertificatePath is not null)
        {
            policy.CustomTrustStore.ImportFromPemFile(options.CACertificatePath);
        }

        if (options.CACertificate is not null)
        {
            policy.CustomTrustStore.Add(options.CACertificate);
        }

        return policy;
    }

    private static SslStreamCertificateContext? Certificate(TlsOptions options)
    {
        if (options.CertificatePath is null)
        {
            return options.CertificateKeyPath is null
                ? null
                : throw new ArgumentException("A client key without its certificate cannot be used.", nameof(options));
        }

        var certificate = X509Certificate2.CreateFromPemFile(options.CertificatePath, options.CertificateKeyPath);
        if (OperatingSystem.IsWindows())
        {
            // SChannel cannot use the ephemeral key that PEM files give.
            using var ephemeral = certificate;
            certificate = new X509Certificate2(ephemeral.Export(X509ContentType.Pkcs12));
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(options.CertificatePath);
        chain.RemoveAt(0);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }
}
