using Containerd.Protocol.Containers;
using Containerd.Protocol.Runc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using V1 = Containerd.Protocol.RuntimeV1;

namespace Containerd.Client;

/// <summary>The options that runtimes take, for a container and for each of its tasks: a message of each runtime's own.</summary>
internal static class RuntimeOptions
{
    /// <summary>Runtime v1, which containerd has up to 1.7.</summary>
    public const string RuntimeV1 = "io.containerd.runtime.v1.linux";

    private const string RuncShims = "io.containerd.runc.";
    private const string RunhcsShims = "io.containerd.runhcs.";

    // Set where the root file system is a RAM disk, out of which the kernel does not pivot; moby reads it too.
    private const string RamDisk = "DOCKER_RAMDISK";

    /// <summary>
    /// The options for a task: those of the container, and the owner of the process's pipes. A task's options replace the
    /// container's, they are not merged by the daemon. A runtime that is not runc's keeps its own.
    /// </summary>
    /// <param name="container">The container.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="imagePath">The directory of CRIU's images that the task is restored from; null for none.</param>
    /// <exception cref="CtrException">InvalidArgument for images of CRIU and a runtime that is not runc's.</exception>
    public static Any? ForTask(Container container, CtrSpec spec, string? imagePath = null)
    {
        (uint uid, uint gid) = HostUser(spec);
        bool ramDisk = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(RamDisk));
        if (container.Runtime.Name == RuntimeV1)
        {
            // Its daemon takes the container's options, of another type, from the container.
            return Pack(new V1.CreateOptions { IoUid = uid, IoGid = gid, NoPivotRoot = ramDisk, CriuImagePath = imagePath ?? "" });
        }

        if (!container.Runtime.Name.StartsWith(RuncShims, StringComparison.Ordinal))
        {
            return imagePath is null
                ? container.Runtime.Options
                : throw CtrException.InvalidArgument(
                    "CheckpointNotSupported", $"The runtime '{container.Runtime.Name}' does not restore from CRIU's images.", container.Id);
        }

        Options options = Parse(container.Runtime.Options);
        (options.IoUid, options.IoGid) = (uid, gid);
        options.NoPivotRoot |= ramDisk;
        options.CriuImagePath = imagePath ?? options.CriuImagePath;
        return Pack(options);
    }

    /// <summary>The empty message that a runtime takes as the options of a container; null for a runtime that is not known here.</summary>
    public static IMessage? Of(string runtime) =>
        runtime == RuntimeV1 ? new V1.RuncOptions()
        : runtime.StartsWith(RuncShims, StringComparison.Ordinal) ? new Options()
        : runtime.StartsWith(RunhcsShims, StringComparison.Ordinal) ? new Protocol.Runhcs.Options()
        : null;

    /// <summary>Reads the options of a runc shim; absent ones are empty.</summary>
    public static Options Parse(Any? any) => any is null ? new Options() : Options.Parser.ParseFrom(any.Value);

    /// <summary>Writes options with the bare type name that containerd's typeurl wants.</summary>
    public static Any Pack(IMessage options) => new() { TypeUrl = options.Descriptor.FullName, Value = options.ToByteString() };

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
