using Containerd.Client;

namespace Containerd;

/// <summary>An open connection to a daemon, shared by the cmdlets that are given it. Safe across runspaces.</summary>
public sealed class CtrSession
{
    private volatile bool _closed;

    internal CtrSession(ContainerdClient client, string name, string daemonVersion)
    {
        Client = client;
        Name = name;
        DaemonVersion = daemonVersion;
        ConnectedAt = DateTimeOffset.Now;
    }

    /// <summary>The name it was given; the address where none was.</summary>
    public string Name { get; }

    /// <summary>The daemon's address, such as <c>unix:///run/containerd/containerd.sock</c>.</summary>
    public string Address => Client.Address.ToString();

    /// <summary>The namespace of calls that name no other.</summary>
    public string Namespace => Client.Namespace;

    /// <summary>The daemon's version when the session was opened.</summary>
    public string DaemonVersion { get; }

    /// <summary>When the session was opened.</summary>
    public DateTimeOffset ConnectedAt { get; }

    /// <summary>False after <c>Disconnect-Ctr</c>, in whichever runspace.</summary>
    public bool IsOpen => !_closed;

    internal ContainerdClient Client { get; }

    /// <summary>The session's name.</summary>
    public override string ToString() => Name;

    /// <summary>Ends it and the calls that use it. Once more does nothing.</summary>
    internal void Close()
    {
        _closed = true;
        Client.Dispose();
    }
}
