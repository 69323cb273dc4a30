using System.Management.Automation;
using System.Reflection;

namespace Containerd.PowerShell.Loading;

/// <summary>
/// Makes <c>[Containerd.CtrTask]</c> and its like work in scripts: the engine looks for types in its own load context
/// only, so those of Containerd.Client are registered by name.
/// </summary>
internal static class TypeNames
{
    private static readonly Type s_accelerators =
        typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators", throwOnError: true)!;

    public static void Add()
    {
        var known = (IDictionary<string, Type>)s_accelerators.GetProperty("Get")!.GetValue(null)!;
        MethodInfo add = s_accelerators.GetMethod("Add", [typeof(string), typeof(Type)])!;
        foreach (Type type in PublicTypes())
        {
            if (!known.ContainsKey(type.FullName!))
            {
                add.Invoke(null, [type.FullName, type]);
            }
        }
    }

    public static void Remove()
    {
        MethodInfo remove = s_accelerators.GetMethod("Remove", [typeof(string)])!;
        foreach (Type type in PublicTypes())
        {
            remove.Invoke(null, [type.FullName]);
        }
    }

    private static IEnumerable<Type> PublicTypes() =>
        typeof(CtrException).Assembly.GetExportedTypes().Where(type => type.Namespace == "Containerd" && !type.IsNested);
}
