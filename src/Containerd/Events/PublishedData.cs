using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace Containerd.PowerShell.Events;

/// <summary>Turns what a person gives to Publish-CtrEvent into names and values.</summary>
internal static class PublishedData
{
    private const int MaximumDepth = 64;

    /// <summary>Names and values; a value without a name is called <c>value</c>.</summary>
    /// <exception cref="ArgumentException">It is nested too deep.</exception>
    public static IReadOnlyDictionary<string, object?> Names(object? data) => Convert(data, 0) switch
    {
        null => new Dictionary<string, object?>(),
        IReadOnlyDictionary<string, object?> names => names,
        object value => new Dictionary<string, object?> { ["value"] = value },
    };

    /// <summary>The bytes of a message; none for null.</summary>
    /// <exception cref="ArgumentException">It is something else.</exception>
    public static byte[] Bytes(object? data)
    {
        object? value = data is PSObject wrapped ? wrapped.BaseObject : data;
        return value is null ? []
            : LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out byte[] bytes) ? bytes
            : throw new ArgumentException("With -TypeUrl, -Data is the bytes of a message: a byte array.");
    }

    private static object? Convert(object? value, int depth) => value switch
    {
        _ when depth > MaximumDepth => throw new ArgumentException($"The data of an event may be nested {MaximumDepth} levels deep."),
        PSObject { BaseObject: PSCustomObject } custom => custom.Properties.ToDictionary(property => property.Name, property => Convert(property.Value, depth + 1)),
        PSObject wrapped => Convert(wrapped.BaseObject, depth),
        null or string or bool or sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => value,
        Enum or char or Guid or Uri => value.ToString(),
        DateTime or DateTimeOffset => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        IDictionary dictionary => FromDictionary(dictionary, depth),
        IEnumerable list => list.Cast<object?>().Select(item => Convert(item, depth + 1)).ToArray(),
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };

    private static Dictionary<string, object?> FromDictionary(IDictionary dictionary, int depth)
    {
        var names = new Dictionary<string, object?>();
        foreach (DictionaryEntry entry in dictionary)
        {
            names[LanguagePrimitives.ConvertTo<string>(entry.Key)] = Convert(entry.Value, depth + 1);
        }

        return names;
    }
}
