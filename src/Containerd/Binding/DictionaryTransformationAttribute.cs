using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>Labels or annotations: a hashtable, or texts <c>key=value</c>; they become a dictionary. Null is none, a null value an empty one.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DictionaryTransformationAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var result = new Dictionary<string, string>();
        if (inputData is not null)
        {
            Add(result, inputData);
        }

        return result;
    }

    private static void Add(Dictionary<string, string> result, object? value)
    {
        switch (value)
        {
            case PSObject { BaseObject: not PSCustomObject } wrapped:
                Add(result, wrapped.BaseObject);
                break;
            case string text:
                int equals = text.IndexOf('=', StringComparison.Ordinal);
                result[equals < 0 ? text : text[..equals]] = equals < 0 ? "" : text[(equals + 1)..];
                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    result[Text(entry.Key)] = Text(entry.Value);
                }

                break;
            case IEnumerable several:
                foreach (object? item in several)
                {
                    Add(result, item);
                }

                break;
            default:
                throw new ArgumentTransformationMetadataException(
                    $"'{value}' has no key: a hashtable such as @{{ key = 'value' }}, or text such as 'key=value' is wanted.");
        }
    }

    private static string Text(object? value) => Convert.ToString(value is PSObject wrapped ? wrapped.BaseObject : value, CultureInfo.InvariantCulture) ?? "";
}
