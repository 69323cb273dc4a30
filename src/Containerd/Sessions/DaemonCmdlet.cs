using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Sessions;

/// <summary>A cmdlet that talks to one daemon, or to several at once through their sessions.</summary>
public abstract class DaemonCmdlet : AsyncCmdlet
{
    private readonly Dictionary<string, ContainerdClient> _connections = [];
    private IReadOnlyList<CtrSession> _open = [];

    /// <summary>The sessions to use.</summary>
    [Parameter(HelpMessage = "The session, or several, that Connect-Ctr returned.")]
    [ValidateNotNullOrEmpty]
    public CtrSession[]? Session { get; set; }

    /// <summary>The daemon's address.</summary>
    [Parameter(HelpMessage = "The daemon's address: a path, unix:///path, npipe:////./pipe/name or tcp://host:port.")]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <summary>containerd's namespace.</summary>
    [Parameter(HelpMessage = "containerd's namespace, such as default, moby or k8s.io.")]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The daemons that were named, each in its namespace. At least one.</summary>
    private protected IReadOnlyList<ContainerdClient> Clients { get; private set; } = [];

    /// <summary>The limit for each call that answers at once; null for none.</summary>
    private protected virtual TimeSpan? CallTimeout => TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _open = SessionTable.Current.Open;
        try
        {
            Clients = FindClients(SessionTable.Current.Default);
        }
        catch (CtrException e)
        {
            ThrowTerminatingError(Errors.ErrorRecords.From(e));
        }

        base.BeginProcessing();
    }

    /// <summary>The client for an object that was made by a daemon, and carries its address and namespace.</summary>
    private protected ContainerdClient ClientFor(string address, string @namespace) =>
        Connection(address).WithNamespace(@namespace).WithTimeout(CallTimeout);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (ContainerdClient connection in _connections.Values)
            {
                connection.Dispose();
            }

            _connections.Clear();
        }

        base.Dispose(disposing);
    }

    private ContainerdClient[] FindClients(CtrSession? defaultSession)
    {
        if (Session is not null)
        {
            return Address is null
                ? Array.ConvertAll(Session, OfSession)
                : throw new CtrException(
                    CtrErrorKind.InvalidArgument, "SessionAndAddress", "-Session and -Address exclude each other: a session has its address.");
        }

        if (Address is null && defaultSession is not null)
        {
            return [OfSession(defaultSession)];
        }

        return [Scoped(Connection(Address ?? DefaultDaemon.Address), DefaultDaemon.Namespace)];
    }

    private ContainerdClient OfSession(CtrSession session) => session.IsOpen
        ? Scoped(session.Client, session.Namespace)
        : throw new CtrException(
            CtrErrorKind.InvalidArgument, "SessionClosed", $"The session '{session.Name}' is closed.", session.Name, "Open a new one with Connect-Ctr.");

    private ContainerdClient Scoped(ContainerdClient client, string defaultNamespace) =>
        client.WithNamespace(Namespace ?? defaultNamespace).WithTimeout(CallTimeout);

    private ContainerdClient Connection(string address)
    {
        ContainerdAddress parsed = ContainerdAddress.Parse(address);
        string key = parsed.ToString();
        CtrSession? session = Session?.FirstOrDefault(s => s.IsOpen && s.Address == key) ?? _open.FirstOrDefault(s => s.IsOpen && s.Address == key);
        if (session is not null)
        {
            return session.Client;
        }

        lock (_connections)
        {
            if (!_connections.TryGetValue(key, out ContainerdClient? connection))
            {
                _connections.Add(key, connection = ContainerdClient.Create(parsed));
            }

            return connection;
        }
    }
}
