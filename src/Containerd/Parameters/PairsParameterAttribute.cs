using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Pairs of names and values: a hashtable, or texts <c>name=value</c>. They become texts; a value that is null leaves the
/// name alone.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PairsParameterAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) => Pairs(inputData).ToArray();

    private static IEnumerable<string> Pairs(object? value) => value switch
    {
        null => [],
        PSObject { BaseObject: not PSCustomObject } wrapped => Pairs(wrapped.BaseObject),
        string text => [text],
        IDictionary dictionary => dictionary.Cast<DictionaryEntry>().Select(Pair),
        IEnumerable several => several.Cast<object?>().SelectMany(Pairs),
        _ => throw new ArgumentTransformationMetadataException(
            $"'{value}' is not a pair: a hashtable such as @{{ name = 'value' }}, or text such as 'name=value' is wanted."),
    };

    private static string Pair(DictionaryEntry entry) => entry.Value is null
        ? Text(entry.Key)
        : $"{Text(entry.Key)}={Text(entry.Value)}";

    private static string Text(object value) => Convert.ToString(value is PSObject wrapped ? wrapped.BaseObject : value, CultureInfo.InvariantCulture) ?? "";
}
