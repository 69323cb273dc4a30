using Containerd.Client;

namespace Containerd.IntegrationTests.Connections;

/// <summary>The daemon's TCP endpoint, which wants a client certificate.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly List<ContainerdClient> _clients = [];

    /// <remarks>
    /// containerd registers few services on its TCP endpoint (CRI, where that is enabled): that a call is answered at all,
    /// with a status of gRPC's, shows that both sides trusted each other.
    /// </remarks>
    [SkippableFact]
    public async Task A_client_with_a_certificate_is_answered()
    {
        ContainerdClient client = Connect(new TlsOptions
        {
            CACertificatePath = Variable("CA"),
            CertificatePath = Variable("CERT"),
            CertificateKeyPath = Variable("KEY"),
        });

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Introspection.ListPluginsAsync());

        Assert.Equal(CtrErrorKind.Unimplemented, error.Kind);
        Assert.Contains("unknown service containerd.services.introspection.v1.Introspection", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_client_without_a_certificate_is_turned_away()
    {
        ContainerdClient client = Connect(new TlsOptions { CACertificatePath = Variable("CA") });

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Introspection.GetDaemonVersionAsync());

        Assert.Equal(CtrErrorKind.Unavailable, error.Kind);
    }

    [SkippableFact]
    public async Task A_daemon_whose_authority_is_unknown_is_not_trusted()
    {
        ContainerdClient client = Connect(new TlsOptions
        {
            CertificatePath = Variable("CERT"),
            CertificateKeyPath = Variable("KEY"),
        });

        var error = await Assert.ThrowsAsync<CtrException>(() => client.Introspection.GetDaemonVersionAsync());

        Assert.Equal(CtrErrorKind.Unavailable, error.Kind);
        Assert.Contains("certificate", error.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    public void Dispose() => _clients.ForEach(client => client.Dispose());

    private static string Variable(string name)
    {
        var value = Environment.GetEnvironmentVariable($"CONTAINERD_TEST_TLS_{name}");
        Skip.If(string.IsNullOrEmpty(value), $"No TLS endpoint: CONTAINERD_TEST_TLS_{name} isn't set; ./build.sh test sets it.");
        return value!;
    }

    private ContainerdClient Connect(TlsOptions tls)
    {
        var address = Variable("ADDRESS");
        var client = ContainerdClient.Create(
            ContainerdAddress.Parse(address.StartsWith("tcp://", StringComparison.Ordinal) ? address : $"tcp://{address}"),
            "default",
            new ContainerdClientOptions { Tls = tls });
        _clients.Add(client);
        return client;
    }
}
