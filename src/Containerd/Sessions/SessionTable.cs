using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace Containerd.PowerShell.Sessions;

/// <summary>The sessions that were opened in one runspace. The one opened last is its default.</summary>
internal sealed class SessionTable
{
    private static readonly ConditionalWeakTable<Runspace, SessionTable> s_tables = [];

    private readonly object _lock = new();
    private readonly List<CtrSession> _sessions = [];

    /// <summary>The table of the runspace whose pipeline runs on this thread.</summary>
    public static SessionTable Current => s_tables.GetValue(Runspace.DefaultRunspace, static _ => new SessionTable());

    /// <summary>The session used by cmdlets that are given none; null without one.</summary>
    public CtrSession? Default => Open is [.., var last] ? last : null;

    /// <summary>Those that no runspace has closed, the oldest first.</summary>
    public IReadOnlyList<CtrSession> Open
    {
        get
        {
            lock (_lock)
            {
                _sessions.RemoveAll(session => !session.IsOpen);
                return _sessions.ToArray();
            }
        }
    }

    /// <summary>Adds a session, which is the default from now on.</summary>
    public void Add(CtrSession session)
    {
        lock (_lock)
        {
            _sessions.Add(session);
        }
    }
}
