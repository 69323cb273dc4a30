using System.Globalization;
using Containerd.Protocol.Containers;
using Containerd.Protocol.Runc;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>The options that the runc shim takes (containerd.runc.v1.Options).</summary>
internal static class RuntimeOptions
{
    private const string TypeName = "containerd.runc.v1.Options";

    /// <summary>
    /// The options for a task: those of the container, and the owner of the process's pipes. A task's options replace the
    /// container's, they are not merged by the daemon. Null for a runtime that is not runc's.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="imagePath">The directory of CRIU's images that the task is restored from; null for none.</param>
    /// <exception cref="CtrException">InvalidArgument for images of CRIU and a runtime that is not runc's.</exception>
    public static Any? ForTask(Container container, CtrSpec spec, string? imagePath = null)
    {
        if (!IsRunc(container.Runtime.Name))
        {
            return imagePath is null
                ? container.Runtime.Options
                : throw CtrException.InvalidArgument(
                    "CheckpointNotSupported", $"The runtime '{container.Runtime.Name}' does not restore from CRIU's images.", container.Id);
        }

        Options options = Parse(container.Runtime.Options);
        (options.IoUid, options.IoGid) = HostUser(spec);
        options.CriuImagePath = imagePath ?? options.CriuImagePath;
        return Pack(options);
    }

    /// <summary>The options of a new container, from names as people write them: those of the message, in any case, with or without <c>_</c>.</summary>
    /// <returns>Null without options.</returns>
    /// <exception cref="FormatException">The runtime takes none, there is no such option, or it has another type.</exception>
    public static Any? ForContainer(string runtime, IReadOnlyDictionary<string, object?> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        if (!IsRunc(runtime))
        {
            throw new FormatException($"The runtime '{runtime}' takes no options of {TypeName}; io.containerd.runc.v2 does.");
        }

        var options = new Options();
        foreach ((string name, object? value) in values)
        {
            FieldDescriptor field = Options.Descriptor.Fields.InDeclarationOrder().FirstOrDefault(f => NameOf(f) == Fold(name))
                ?? throw new FormatException(
                    $"'{name}' is not an option of the runc shim: {string.Join(", ", Options.Descriptor.Fields.InDeclarationOrder().Select(f => f.PropertyName))} are.");
            field.Accessor.SetValue(options, Convert(field, value));
        }

        return Pack(options);
    }

    /// <summary>Reads options; absent ones are empty.</summary>
    public static Options Parse(Any? any) => any is null ? new Options() : Options.Parser.ParseFrom(any.Value);

    /// <summary>Writes options with the bare type name that containerd's typeurl wants.</summary>
    public static Any Pack(Options options) => new() { TypeUrl = TypeName, Value = options.ToByteString() };

    private static bool IsRunc(string runtime) => runtime.StartsWith("io.containerd.runc.", StringComparison.Ordinal);

    private static string NameOf(FieldDescriptor field) => Fold(field.Name);

    private static string Fold(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static object Convert(FieldDescriptor field, object? value)
    {
        string text = System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return field.FieldType switch
        {
            FieldType.String => text,
            FieldType.Bool when bool.TryParse(text, out bool flag) => flag,
            FieldType.UInt32 when uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) => number,
            FieldType.Bool => throw new FormatException($"The runtime option {field.PropertyName} must be true or false, not '{text}'."),
            _ => throw new FormatException($"The runtime option {field.PropertyName} must be a whole number from 0, not '{text}'."),
        };
    }

    /// <summary>The ids of the process's user as the host sees them, so that it can open its own standard streams again.</summary>
    private static (uint Uid, uint Gid) HostUser(CtrSpec spec)
    {
        CtrSpecUser user = spec.Process?.User ?? new CtrSpecUser();
        return spec.Linux is { } linux && linux.Namespaces.Exists(ns => ns.Type == "user")
            ? (Map(user.Uid, linux.UidMappings), Map(user.Gid, linux.GidMappings))
            : (user.Uid, user.Gid);
    }

    private static uint Map(uint id, List<CtrSpecIdMapping> mappings)
    {
        foreach (CtrSpecIdMapping mapping in mappings)
        {
            if (id >= mapping.ContainerId && id - mapping.ContainerId < mapping.Size)
            {
                return mapping.HostId + (id - mapping.ContainerId);
            }
        }

        return 0;
    }
}
