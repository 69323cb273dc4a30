using System.Net.Sockets;
using System.Reflection;
using Containerd.Client.Grpc;
using Containerd.Protocol.Health;
using Containerd.Protocol.Introspection;
using Containerd.Protocol.Version;
using Empty = Google.Protobuf.WellKnownTypes.Empty;

namespace Containerd.Client;

/// <summary>What the daemon is and whether it serves: Version, Introspection and grpc.health.v1.</summary>
/// <remarks>Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.</remarks>
public sealed class IntrospectionClient
{
    private const string ServiceType = "io.containerd.grpc.v1";

    private static readonly Method<Empty, VersionResponse> s_version =
        Method.From<Empty, VersionResponse>(VersionReflection.Descriptor.Services[0], "Version");

    private static readonly Method<PluginsRequest, PluginsResponse> s_plugins =
        Method.From<PluginsRequest, PluginsResponse>(IntrospectionReflection.Descriptor.Services[0], "Plugins");

    private static readonly Method<HealthCheckRequest, HealthCheckResponse> s_check =
        Method.From<HealthCheckRequest, HealthCheckResponse>(HealthReflection.Descriptor.Services[0], "Check");

    private readonly ServiceChannel _services;

    internal IntrospectionClient(ServiceChannel services) => _services = services;

    /// <summary>The daemon's version alone (Version.Version).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">Unavailable without a daemon; Unimplemented where something else than containerd answers.</exception>
    public async Task<string> GetDaemonVersionAsync(CancellationToken cancellationToken = default) =>
        (await VersionAsync(cancellationToken).ConfigureAwait(false)).Version;

    /// <summary>The daemon's version, the module's, and the API services of the daemon.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<CtrVersion> GetVersionAsync(CancellationToken cancellationToken = default)
    {
        VersionResponse version = await VersionAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<CtrPlugin> services = await ListPluginsAsync([$"type=={ServiceType}"], cancellationToken).ConfigureAwait(false);
        return new CtrVersion
        {
            Version = version.Version,
            Revision = version.Revision,
            ModuleVersion = typeof(IntrospectionClient).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
            Services = [.. services.Where(plugin => plugin.IsLoaded).Select(plugin => plugin.Id).Order(StringComparer.Ordinal)],
            Address = _services.Address.ToString(),
        };
    }

    /// <summary>The daemon's plugins (Introspection.Plugins).</summary>
    /// <param name="filters">Filters in containerd's language, such as <c>type==io.containerd.snapshotter.v1</c>; several mean any of them.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<CtrPlugin>> ListPluginsAsync(
        IEnumerable<string>? filters = null, CancellationToken cancellationToken = default)
    {
        PluginsResponse response = await _services.CallAsync(
            s_plugins, new PluginsRequest { Filters = { filters ?? [] } }, Resource.Daemon, cancellationToken).ConfigureAwait(false);
        return response.Plugins.Select(ToRecord).ToArray();
    }

    /// <summary>Whether the daemon serves (grpc.health.v1.Health.Check). One that cannot be reached does not.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<bool> IsServingAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            HealthCheckResponse response = await _services.CallAsync(
                s_check, new HealthCheckRequest(), Resource.Daemon, cancellationToken).ConfigureAwait(false);
            return response.Status == HealthCheckResponse.Types.ServingStatus.Serving;
        }
        catch (CtrException)
        {
            return false;
        }
    }

    private async Task<VersionResponse> VersionAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _services.CallAsync(s_version, new Empty(), Resource.Daemon, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind is CtrErrorKind.Unimplemented or CtrErrorKind.Unknown || IsNoHttp2(e))
        {
            throw new CtrException(
                CtrErrorKind.Unavailable,
                "NotContainerd",
                $"What answers at {_services.Address} is not containerd: {(e.InnerException as RpcException)?.Status.Detail ?? e.Message}",
                _services.Address.ToString(),
                _services.Address.Kind == ContainerdAddressKind.Tcp
                    ? "Name a port that leads to containerd's socket (tcp_address of containerd itself serves CRI alone). It may want TLS and a client certificate."
                    : "Name containerd's own socket with -Address.",
                e);
        }
    }

    private static bool IsNoHttp2(CtrException error)
    {
        bool refused = false;
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            // A daemon that ends before it has greeted may well have been containerd.
            if (cause is SocketException or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded })
            {
                return false;
            }

            refused |= cause is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError };
        }

        return refused;
    }

    private CtrPlugin ToRecord(Plugin plugin) => new()
    {
        Type = plugin.Type,
        Id = plugin.Id,
        IsLoaded = plugin.InitErr is null,
        Error = plugin.InitErr?.Message ?? "",
        Exports = new Dictionary<string, string>(plugin.Exports),
        Capabilities = [.. plugin.Capabilities],
        Platforms = [.. plugin.Platforms.Select(platform =>
            platform.Variant.Length > 0 ? $"{platform.Os}/{platform.Architecture}/{platform.Variant}" : $"{platform.Os}/{platform.Architecture}")],
        Requires = [.. plugin.Requires],
        Address = _services.Address.ToString(),
    };
}
