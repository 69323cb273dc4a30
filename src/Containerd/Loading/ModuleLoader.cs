using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Loading;

/// <summary>
/// Hooks the dependencies in when the module is imported, and out when the last runspace has removed it: hook and type names
/// belong to the process, and other runspaces may go on using them.
/// </summary>
public sealed class ModuleLoader : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static readonly object s_lock = new();
    private static readonly ConditionalWeakTable<Runspace, object> s_users = [];

    /// <summary>Called by the engine on import.</summary>
    public void OnImport()
    {
        lock (s_lock)
        {
            s_users.AddOrUpdate(Runspace.DefaultRunspace, s_lock);
            AssemblyLoadContext.Default.Resolving -= DependencyLoadContext.ResolveForDefault;
            AssemblyLoadContext.Default.Resolving += DependencyLoadContext.ResolveForDefault;
            AddTypeNames();
        }
    }

    /// <summary>Called by the engine on removal. The runspace's sessions are closed.</summary>
    /// <param name="psModuleInfo">The module that goes.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        CloseSessions();
        lock (s_lock)
        {
            s_users.Remove(Runspace.DefaultRunspace);
            if (!s_users.Any(user => user.Key.RunspaceStateInfo.State == RunspaceState.Opened))
            {
                RemoveTypeNames();
                AssemblyLoadContext.Default.Resolving -= DependencyLoadContext.ResolveForDefault;
            }
        }
    }

    // Apart, so that nothing asks for Containerd.Client before the hook is in place.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddTypeNames() => TypeNames.Add();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RemoveTypeNames() => TypeNames.Remove();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CloseSessions()
    {
        foreach (CtrSession session in SessionTable.Current.Open)
        {
            session.Close();
        }
    }
}
