using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>The options of a container's runtime as people write them: by name.</summary>
internal static class NamedRuntimeOptions
{
    /// <summary>The options of a new container. Names are those of the runtime's message, in any case, with or without <c>_</c>.</summary>
    /// <returns>Null without options.</returns>
    /// <exception cref="FormatException">The runtime takes none, there is no such option, or it has another type.</exception>
    public static Any? Pack(string runtime, IReadOnlyDictionary<string, object?> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        IMessage options = RuntimeOptions.Of(runtime)
            ?? throw new FormatException($"The options of the runtime '{runtime}' are not known here; those of io.containerd.runc.v2 are.");
        IList<FieldDescriptor> fields = options.Descriptor.Fields.InDeclarationOrder();
        foreach ((string name, object? value) in values)
        {
            FieldDescriptor field = fields.FirstOrDefault(f => Fold(f.Name) == Fold(name))
                ?? throw new FormatException(
                    $"'{name}' is not an option of the runtime '{runtime}': {string.Join(", ", fields.Select(f => f.PropertyName))} are.");
            field.Accessor.SetValue(options, Convert(field, value));
        }

        return RuntimeOptions.Pack(options);
    }

    private static string Fold(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static object Convert(FieldDescriptor field, object? value)
    {
        string text = System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return field.FieldType switch
        {
            FieldType.String => text,
            FieldType.Bool when bool.TryParse(text, out bool flag) => flag,
            FieldType.UInt32 when uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) => number,
            FieldType.Int32 when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => number,
            FieldType.Enum when field.EnumType.Values.FirstOrDefault(v => v.Name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } chosen => chosen.Number,
            FieldType.Bool => throw new FormatException($"The runtime option {field.PropertyName} must be true or false, not '{text}'."),
            FieldType.Enum => throw new FormatException(
                $"The runtime option {field.PropertyName} must be {string.Join(" or ", field.EnumType.Values.Select(v => v.Name))}, not '{text}'."),
            _ => throw new FormatException($"The runtime option {field.PropertyName} must be a whole number from 0, not '{text}'."),
        };
    }
}
