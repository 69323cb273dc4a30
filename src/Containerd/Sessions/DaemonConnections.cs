using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Sessions;

/// <summary>
/// The clients of one command: those of the sessions it is given, and connections of its own, which end with it.
/// Made on the pipeline's thread, usable on any.
/// </summary>
internal sealed class DaemonConnections : IDisposable
{
    private readonly SessionTable _table = SessionTable.Current;
    private readonly Dictionary<string, ContainerdClient> _own = [];
    private CtrSession[] _named = [];

    /// <summary>The daemons that <c>-Session</c>, <c>-Address</c> and <c>-Namespace</c> name, else the default one.</summary>
    /// <exception cref="CtrException">A session is closed, both of the first two are given, or the namespace is none.</exception>
    /// <exception cref="FormatException">The address, or that of the environment, is none.</exception>
    public ContainerdClient[] Find(CtrSession[]? sessions, string? address, string? @namespace)
    {
        if (sessions is not null && address is not null)
        {
            throw new CtrException(
                CtrErrorKind.InvalidArgument, "SessionAndAddress", "-Session and -Address exclude each other: a session has its address.");
        }

        if (sessions is not null)
        {
            _named = sessions;
            return Array.ConvertAll(sessions, session => OfSession(session, @namespace));
        }

        return address is null && _table.Default is { } session
            ? [OfSession(session, @namespace)]
            : [At(address ?? DefaultDaemon.Address).WithNamespace(@namespace ?? DefaultDaemon.Namespace)];
    }

    /// <summary>A client for an address: that of an open session, else a connection of this command.</summary>
    /// <exception cref="FormatException">The address is none.</exception>
    public ContainerdClient At(string address)
    {
        ContainerdAddress parsed = ContainerdAddress.Parse(address);
        string key = parsed.ToString();
        if (_named.Concat(_table.Open).FirstOrDefault(session => session.IsOpen && session.Address == key) is { } session)
        {
            return session.Client;
        }

        lock (_own)
        {
            if (!_own.TryGetValue(key, out ContainerdClient? connection))
            {
                _own.Add(key, connection = ContainerdClient.Create(parsed));
            }

            return connection;
        }
    }

    public void Dispose()
    {
        lock (_own)
        {
            foreach (ContainerdClient connection in _own.Values)
            {
                // At once, unless a cancelled command has left something unfinished, for which nobody waits here.
                _ = connection.DisposeAsync();
            }

            _own.Clear();
        }
    }

    private static ContainerdClient OfSession(CtrSession session, string? @namespace) => session.IsOpen
        ? session.Client.WithNamespace(@namespace ?? session.Namespace)
        : throw new CtrException(
            CtrErrorKind.InvalidArgument, "SessionClosed", $"The session '{session.Name}' is closed.", session.Name, "Open a new one with Connect-Ctr.");
}
