using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Containerd.PowerShell.Loading;

/// <summary>Hooks the dependencies in when the module is imported, and out when it is removed.</summary>
public sealed class ModuleLoader : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Called by the engine on import.</summary>
    public void OnImport()
    {
        AssemblyLoadContext.Default.Resolving -= DependencyLoadContext.ResolveForDefault;
        AssemblyLoadContext.Default.Resolving += DependencyLoadContext.ResolveForDefault;
        AddTypeNames();
    }

    /// <summary>Called by the engine on removal.</summary>
    /// <param name="psModuleInfo">The module that goes.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        RemoveTypeNames();
        AssemblyLoadContext.Default.Resolving -= DependencyLoadContext.ResolveForDefault;
    }

    // Apart, so that nothing asks for Containerd.Client before the hook is in place.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddTypeNames() => TypeNames.Add();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RemoveTypeNames() => TypeNames.Remove();
}
