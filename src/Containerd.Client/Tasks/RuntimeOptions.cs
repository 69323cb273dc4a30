using Containerd.Protocol.Containers;
using Containerd.Protocol.Runc;
using Google.Protobuf;
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
    public static Any? ForTask(Container container, CtrSpec spec)
    {
        if (!container.Runtime.Name.StartsWith("io.containerd.runc.", StringComparison.Ordinal))
        {
            return container.Runtime.Options;
        }

        Options options = Parse(container.Runtime.Options);
        (options.IoUid, options.IoGid) = HostUser(spec);
        return Pack(options);
    }

    /// <summary>Reads options; absent ones are empty.</summary>
    public static Options Parse(Any? any) => any is null ? new Options() : Options.Parser.ParseFrom(any.Value);

    /// <summary>Writes options with the bare type name that containerd's typeurl wants.</summary>
    public static Any Pack(Options options) => new() { TypeUrl = TypeName, Value = options.ToByteString() };

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
