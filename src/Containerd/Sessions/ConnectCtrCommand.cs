using System.Management.Automation;
using System.Security.Cryptography;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Sessions;

/// <summary>Opens a session with a daemon, which the runspace's cmdlets use from then on.</summary>
[Cmdlet(VerbsCommunications.Connect, "Ctr")]
[OutputType(typeof(CtrSession))]
public sealed class ConnectCtrCommand : AsyncCmdlet
{
    private SessionTable? _sessions;
    private ContainerdClient? _client;

    /// <summary>The daemon's address.</summary>
    [Parameter(Position = 0, HelpMessage = "The daemon's address: a path, unix:///path, npipe:////./pipe/name or tcp://host:port.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(AddressCompleter))]
    public string? Address { get; set; }

    /// <summary>The namespace of calls that name no other.</summary>
    [Parameter(HelpMessage = "The namespace of calls that name no other, such as default, moby or k8s.io.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? Namespace { get; set; }

    /// <summary>The session's name.</summary>
    [Parameter(HelpMessage = "The session's name; the address if you give none.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The limit for the first call, in seconds; 0 for none.</summary>
    [Parameter(HelpMessage = "How long the daemon may take to answer, in seconds; 0 for no limit. 30 by default.")]
    [ValidateRange(0, int.MaxValue / 1000)]
    public int TimeoutSec { get; set; } = 30;

    /// <summary>A PEM file with this side's certificate, for a tcp:// address.</summary>
    [Parameter(HelpMessage = "For tcp://: a PEM file with your certificate, and its intermediates behind it.")]
    [ValidateNotNullOrEmpty]
    public string? Certificate { get; set; }

    /// <summary>A PEM file with that certificate's private key.</summary>
    [Parameter(HelpMessage = "For tcp://: a PEM file with the key of -Certificate; without one, the key is looked for in -Certificate.")]
    [ValidateNotNullOrEmpty]
    public string? CertificateKey { get; set; }

    /// <summary>A PEM file with the authorities that may have signed the daemon's certificate.</summary>
    [Parameter(HelpMessage = "For tcp://: a PEM file with the authorities to trust; without one, those of this machine.")]
    [ValidateNotNullOrEmpty]
    public string? CACertificate { get; set; }

    /// <summary>Speaks plain TCP.</summary>
    [Parameter(HelpMessage = "For tcp://: nothing is encrypted and nobody is who they say. For tests and tunnels.")]
    public SwitchParameter Insecure { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _sessions = SessionTable.Current;
        try
        {
            ContainerdAddress address = ContainerdAddress.Parse(Address ?? DefaultDaemon.Address);
            _client = ContainerdClient.Create(
                address, Namespace ?? DefaultDaemon.Namespace, new ContainerdClientOptions { Tls = Tls(address) });
        }
        catch (Exception e) when (e is CtrException or FormatException)
        {
            ThrowTerminatingError(ErrorRecords.From(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            ThrowTerminatingError(ErrorRecords.From(new CtrException(
                CtrErrorKind.InvalidArgument, "InvalidCertificate", $"A certificate or key cannot be used: {e.Message}", innerException: e)));
        }

        base.BeginProcessing();
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        try
        {
            ContainerdClient client = _client!.WithTimeout(TimeoutSec == 0 ? null : TimeSpan.FromSeconds(TimeoutSec));
            string version = await client.Introspection.GetDaemonVersionAsync(cancellationToken).ConfigureAwait(false);
            await OnPipelineAsync(() => Register(version), cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e)
        {
            // What follows would talk to another daemon than the one that was named.
            await OnPipelineAsync(() => ThrowTerminatingError(ErrorRecords.From(e)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _client?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Register(string version)
    {
        var session = new CtrSession(_client!, Name ?? _client!.Address.ToString(), version);
        _client = null;
        _sessions!.Add(session);
        WriteObject(session);
    }

    private TlsOptions? Tls(ContainerdAddress address)
    {
        if (Certificate is null && CertificateKey is null && CACertificate is null && !Insecure)
        {
            return null;
        }

        if (address.Kind != ContainerdAddressKind.Tcp)
        {
            throw Refused("-Certificate, -CertificateKey, -CACertificate and -Insecure are for tcp:// addresses only.");
        }

        return CertificateKey is null || Certificate is not null
            ? new TlsOptions
            {
                CertificatePath = Resolve(Certificate),
                CertificateKeyPath = Resolve(CertificateKey),
                CACertificatePath = Resolve(CACertificate),
                Insecure = Insecure,
            }
            : throw Refused("-CertificateKey is the key of -Certificate, which is missing.");
    }

    private static CtrException Refused(string message) => new(CtrErrorKind.InvalidArgument, "InvalidTlsOption", message);

    private string? Resolve(string? path) => path is null ? null : GetUnresolvedProviderPathFromPSPath(path);
}
