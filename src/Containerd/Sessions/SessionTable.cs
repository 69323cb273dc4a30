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

    /// <summary>The open sessions of these names, all where none is given; a name without wildcards that nothing has is an error.</summary>
    public IEnumerable<CtrSession> Find(string[]? names, Action<CtrException> onMissing)
    {
        NamePattern[] patterns = NamePattern.FromAll(names);
        IReadOnlyList<CtrSession> open = Open;
        foreach (NamePattern pattern in patterns.Where(pattern => pattern.IsLiteral && !open.Any(session => pattern.Matches(session.Name))))
        {
            onMissing(new CtrException(
                CtrErrorKind.NotFound,
                "SessionNotFound",
                $"No session '{pattern.Text}' is open in this runspace.",
                pattern.Text,
                "Get-CtrSession lists those that are open."));
        }

        return open.Where(session => NamePattern.AnyMatches(patterns, session.Name));
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
