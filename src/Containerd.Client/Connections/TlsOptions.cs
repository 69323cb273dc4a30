using System.Security.Cryptography.X509Certificates;

namespace Containerd.Client;

/// <summary>How a daemon's TCP port is trusted, and what this side shows it.</summary>
public sealed record TlsOptions
{
    /// <summary>A PEM file of the authorities that may have signed the daemon's certificate; without one, the machine's.</summary>
    public string? CACertificatePath { get; init; }

    /// <summary>The same as an object, where there is no file. It stays the caller's to dispose.</summary>
    public X509Certificate2? CACertificate { get; init; }

    /// <summary>A PEM file with this side's certificate for mutual TLS, its intermediates behind it.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>A PEM file with that certificate's private key; without one, it is looked for in <see cref="CertificatePath"/>.</summary>
    public string? CertificateKeyPath { get; init; }

    /// <summary>Speaks plain TCP: nothing is encrypted and nobody is who they say. For tests and tunnels.</summary>
    public bool Insecure { get; init; }
}
