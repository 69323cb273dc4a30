using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Binding;

/// <summary>
/// Objects of the daemon for -InputObject, one or several: also such as were saved, selected, or came from a job or another
/// machine, of which the properties are left. They become what the parameter takes before the engine looks at them, which
/// prefers it then to a parameter that takes a text.
/// </summary>
/// <typeparam name="T">What the parameter takes.</typeparam>
internal abstract class RecordTransformationAttribute<T> : ArgumentTransformationAttribute
    where T : class
{
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        T?[] records = inputData is IEnumerable several and not string ? [.. several.Cast<object?>().Select(ToRecord)] : [ToRecord(inputData)];
        return records.Length > 0 && records.All(record => record is not null) ? records : inputData;
    }

    /// <summary>The record that such properties stand for; null where they stand for none.</summary>
    protected abstract T? FromProperties(PSObject item, string address, string @namespace);

    /// <summary>The value of a property that is a text; null where it is none, or empty.</summary>
    protected static string? Text(PSObject item, string name) => item.Properties[name]?.Value is { } value && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The value of a property that is one of an enumeration; null where it is none.</summary>
    protected static TEnum? Value<TEnum>(PSObject item, string name)
        where TEnum : struct, Enum =>
        Text(item, name) is not null && LanguagePrimitives.TryConvertTo(item.Properties[name].Value, out TEnum value) ? value : null;

    private T? ToRecord(object? value) => value switch
    {
        T record => record,
        PSObject { BaseObject: T record } => record,
        PSObject item when Text(item, "Address") is { } address && Text(item, "Namespace") is { } @namespace => FromProperties(item, address, @namespace),
        _ => null,
    };
}
