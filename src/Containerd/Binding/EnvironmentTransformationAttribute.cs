using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>
/// Takes environment variables as a hashtable, <c>@{ KEY = 'value' }</c>, or as strings, <c>KEY=value</c>. A null value, or
/// a string without an equals sign, removes the variable.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EnvironmentTransformationAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is IDictionary table
            ? table.Cast<DictionaryEntry>().Select(ToVariable).Order(StringComparer.Ordinal).ToArray()
            : inputData;

    private static string ToVariable(DictionaryEntry entry) =>
        entry.Value is null ? Text(entry.Key) : $"{Text(entry.Key)}={Text(entry.Value)}";

    private static string Text(object value) => LanguagePrimitives.ConvertTo<string>(value);
}
