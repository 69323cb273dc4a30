using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Names and values as a google.protobuf.Struct carries them.</summary>
internal static class EventData
{
    // protobuf's own limit for messages within messages.
    private const int MaximumDepth = 90;

    public static IReadOnlyDictionary<string, object?> Read(Struct data) =>
        data.Fields.ToDictionary(field => field.Key, field => Read(field.Value));

    /// <exception cref="CtrException">A value is of a kind that cannot be published.</exception>
    public static Struct Write(IReadOnlyDictionary<string, object?> data) => Write(data, 0);

    private static object? Read(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.NumberValue => value.NumberValue,
        Value.KindOneofCase.BoolValue => value.BoolValue,
        Value.KindOneofCase.StructValue => Read(value.StructValue),
        Value.KindOneofCase.ListValue => value.ListValue.Values.Select(Read).ToArray(),
        _ => null,
    };

    private static Struct Write(IReadOnlyDictionary<string, object?> data, int depth)
    {
        var written = new Struct();
        foreach ((string name, object? value) in data)
        {
            written.Fields.Add(name, Write(name, value, depth + 1));
        }

        return written;
    }

    private static Value Write(string name, object? value, int depth) => value switch
    {
        _ when depth > MaximumDepth => throw CtrException.InvalidArgument("InvalidEventData", "The event's data is nested too deep.", name),
        null => Value.ForNull(),
        string text => Value.ForString(text),
        bool truth => Value.ForBool(truth),
        sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal =>
            Value.ForNumber(Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture)),
        IReadOnlyDictionary<string, object?> nested => Value.ForStruct(Write(nested, depth)),
        IEnumerable<object?> list => Value.ForList(list.Select(item => Write(name, item, depth + 1)).ToArray()),
        _ => throw CtrException.InvalidArgument(
            "InvalidEventData", $"The value of '{name}' is a {value.GetType().Name}: text, numbers, true and false, null, lists and dictionaries can be published.", name),
    };
}
