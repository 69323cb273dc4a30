using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>Lets a parameter take text that stands for a value, beside the value itself; one or several.</summary>
internal abstract class TextTransformationAttribute<T> : ArgumentTransformationAttribute
{
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        try
        {
            return Unwrap(inputData) switch
            {
                null => null,
                string or T or IDictionary => ToValue(inputData),
                IEnumerable several => several.Cast<object?>().Select(ToValue).ToArray(),
                object other => ToValue(other),
            };
        }
        catch (FormatException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    /// <summary>Reads the text.</summary>
    /// <exception cref="FormatException">It has another form.</exception>
    protected abstract T Parse(string text);

    /// <summary>Reads a hashtable; most parameters take none.</summary>
    protected virtual T FromDictionary(IDictionary value) => throw new FormatException("A hashtable is not taken here.");

    private static object? Unwrap(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    private T ToValue(object? item) => Unwrap(item) switch
    {
        T value => value,
        IDictionary dictionary => FromDictionary(dictionary),
        object other => Parse(Convert.ToString(other, System.Globalization.CultureInfo.InvariantCulture) ?? ""),
        null => throw new FormatException("A null is not taken here."),
    };
}
