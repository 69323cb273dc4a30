using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace Containerd.PowerShell.Sessions;

/// <summary>The sessions of one runspace, and which of them is the default.</summary>
internal sealed class SessionTable
{
    private static readonly ConditionalWeakTable<Runspace, SessionTable> s_tables = [];

    private readonly object _lock = new();
    private readonly List<CtrSession> _sessions = [];
    private CtrSession? _default;

    /// <summary>The table of the runspace that runs on this thread.</summary>
    public static SessionTable Current => s_tables.GetValue(Runspace.DefaultRunspace, static _ => new SessionTable());

    /// <summary>The session used by cmdlets that are given none; null without one.</summary>
    public CtrSession? Default
    {
        get
        {
            lock (_lock)
            {
                return _default is { IsOpen: true } ? _default : null;
            }
        }
    }

    public IReadOnlyList<CtrSession> Open
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Where(session => session.IsOpen).ToArray();
            }
        }
    }

    public void Add(CtrSession session)
    {
        lock (_lock)
        {
            _sessions.Add(session);
            _default = session;
        }
    }

    public void Remove(CtrSession session)
    {
        lock (_lock)
        {
            _sessions.Remove(session);
            if (_default == session)
            {
                _default = _sessions.LastOrDefault(other => other.IsOpen);
            }
        }
    }
}
