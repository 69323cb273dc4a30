using System.Collections;
using System.Management.Automation;
using System.Text.Json;

namespace Containerd.PowerShell.Binding;

/// <summary>The OCI's LinuxResources: a hashtable with the names of the specification, in whichever case they begin, or JSON.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ResourcesTransformationAttribute : TextTransformationAttribute<CtrSpecResources>
{
    protected override CtrSpecResources Parse(string text) => CtrSpecResources.Parse(System.Text.Encoding.UTF8.GetBytes(text));

    protected override CtrSpecResources FromDictionary(IDictionary value) =>
        CtrSpecResources.Parse(JsonSerializer.SerializeToUtf8Bytes(Plain(value)));

    private static object? Plain(object? value) => value switch
    {
        PSObject { BaseObject: not PSCustomObject } wrapped => Plain(wrapped.BaseObject),
        IDictionary dictionary => dictionary.Cast<DictionaryEntry>().ToDictionary(entry => Name(entry.Key.ToString() ?? ""), entry => Plain(entry.Value)),
        string text => text,
        IEnumerable several => several.Cast<object?>().Select(Plain).ToArray(),
        _ => value,
    };

    // The specification's names begin with a small letter; a file of cgroup v2 is named as it is.
    private static string Name(string key) => key.Length == 0 ? key : char.ToLowerInvariant(key[0]) + key[1..];
}
