using Containerd.Client.Connections;
using Containerd.Client.Grpc;
using Containerd.Client.Oci;

namespace Containerd.Client;

/// <summary>A client of one containerd daemon, scoped to one namespace. Safe for use by many callers at once.</summary>
/// <remarks>
/// Nothing is sent before the first call. <see cref="WithNamespace"/> and <see cref="WithTimeout"/> give views that share
/// the connection; only the client that <see cref="Create"/> returned closes it.
/// </remarks>
public sealed class ContainerdClient : IDisposable, IAsyncDisposable
{
    private readonly ServiceChannel _services;
    private readonly DefaultSnapshotter _defaultSnapshotter;
    private readonly bool _ownsChannel;

    private ContainerdClient(
        ServiceChannel services, DefaultSnapshotter defaultSnapshotter, ContainerdClientOptions options, bool ownsChannel)
    {
        _services = services;
        _defaultSnapshotter = defaultSnapshotter;
        _ownsChannel = ownsChannel;
        Options = options;
        var snapshots = new SnapshotClient(services, defaultSnapshotter);
        Introspection = new IntrospectionClient(services);
        Namespaces = new NamespaceClient(services);
        Images = new ImageClient(services, snapshots);
        Containers = new ContainerClient(services, snapshots, Images, options.StateDirectory);
        Tasks = Containers.Tasks;
        Repair = new RepairClient(services, Containers, snapshots, options.StateDirectory);
        Checkpoints = new CheckpointClient(services, Containers, Images, snapshots);
        Events = new EventClient(this, services);
    }

    /// <summary>What the daemon is, and whether it serves.</summary>
    public IntrospectionClient Introspection { get; }

    /// <summary>Images: their names, content and snapshots.</summary>
    public ImageClient Images { get; }

    /// <summary>The namespaces that the daemon's objects lie in.</summary>
    public NamespaceClient Namespaces { get; }

    /// <summary>Containers: their metadata.</summary>
    public ContainerClient Containers { get; }

    /// <summary>Tasks and execs: their processes.</summary>
    public TaskClient Tasks { get; }

    /// <summary>What clients left behind that crashed.</summary>
    public RepairClient Repair { get; }

    /// <summary>Checkpoints: tasks saved, and restored.</summary>
    public CheckpointClient Checkpoints { get; }
    /// <summary>What happens in the daemon.</summary>
    public EventClient Events { get; }

    /// <summary>The daemon's address.</summary>
    public ContainerdAddress Address => _services.Address;

    /// <summary>The namespace of every call.</summary>
    public string Namespace => _services.Namespace;

    /// <summary>The options it was made with.</summary>
    public ContainerdClientOptions Options { get; }

    /// <summary>Makes a client. The connection is opened by the first call.</summary>
    /// <param name="address">The daemon's address.</param>
    /// <param name="namespace">containerd's namespace: letters, digits and single separators, at most 76 characters.</param>
    /// <param name="options">Time-outs, limits, TLS; null for the defaults.</param>
    /// <exception cref="CtrException">The namespace is not a valid identifier.</exception>
    public static ContainerdClient Create(
        ContainerdAddress address, string @namespace = "default", ContainerdClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        Identifier.Validate(@namespace, "namespace");
        options ??= new ContainerdClientOptions();
        Transport transport = Transport.For(address, options.Tls);
        var channel = new GrpcChannel(transport.Authority, transport.ConnectAsync, new GrpcChannelOptions
        {
            MaxSendMessageSize = options.MaxMessageSize,
            MaxReceiveMessageSize = options.MaxMessageSize,
        });
        var services = new ServiceChannel(channel, address, @namespace, options.Timeout);
        var defaultSnapshotter = new DefaultSnapshotter(new IntrospectionClient(services));
        return new ContainerdClient(services, defaultSnapshotter, options, ownsChannel: true);
    }

    /// <summary>The same connection for another namespace.</summary>
    /// <param name="namespace">containerd's namespace.</param>
    /// <exception cref="CtrException">The namespace is not a valid identifier.</exception>
    public ContainerdClient WithNamespace(string @namespace)
    {
        Identifier.Validate(@namespace, "namespace");
        return @namespace == Namespace ? this : View(_services with { Namespace = @namespace });
    }

    /// <summary>The same connection with another limit for each call that answers at once.</summary>
    /// <param name="timeout">The limit; null for none.</param>
    public ContainerdClient WithTimeout(TimeSpan? timeout) => View(_services with { Timeout = timeout });

    /// <summary>Closes the connection; calls in flight end with <see cref="CtrErrorKind.Unavailable"/>.</summary>
    public void Dispose()
    {
        if (_ownsChannel)
        {
            _services.Channel.Dispose();
        }
    }

    /// <summary>
    /// Closes the connection as soon as nothing is unfinished that cancelled calls have begun at the daemon, which may take
    /// a minute and a half, or as long as a checkpoint takes; without that, at once.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (_ownsChannel)
        {
            await UnfinishedWork.SettledAsync(Address).ConfigureAwait(false);
        }

        Dispose();
    }

    private ContainerdClient View(ServiceChannel services) => new(services, _defaultSnapshotter, Options, ownsChannel: false);
}
