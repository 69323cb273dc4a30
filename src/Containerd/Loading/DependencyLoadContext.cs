using System.Reflection;
using System.Runtime.Loader;

namespace Containerd.PowerShell.Loading;

/// <summary>
/// Loads the module's own assemblies apart from the engine's, so that another module's version of a shared library,
/// loaded before or after, neither breaks this one nor is broken by it.
/// </summary>
internal sealed class DependencyLoadContext : AssemblyLoadContext
{
    private readonly string _directory;

    private DependencyLoadContext(string directory)
        : base("Containerd") => _directory = directory;

    /// <summary>The context of this process: a module imported again uses the assemblies that are loaded already.</summary>
    public static DependencyLoadContext Instance { get; } = new(Path.Combine(
        Path.GetDirectoryName(typeof(DependencyLoadContext).Assembly.Location)!, "Dependencies"));

    /// <summary>Answers the engine's context, which finds none of <c>Dependencies/</c> by itself.</summary>
    public static Assembly? ResolveForDefault(AssemblyLoadContext context, AssemblyName name) =>
        name.Name == "Containerd.Client" ? Instance.LoadFromAssemblyName(name) : null;

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string path = Path.Combine(_directory, $"{assemblyName.Name}.dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
