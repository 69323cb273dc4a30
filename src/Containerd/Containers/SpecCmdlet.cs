using System.Management.Automation;
using System.Reflection;
using Containerd.Client;
using Containerd.Client.Oci;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Containers;

/// <summary>A cmdlet with the parameters from which a spec is generated.</summary>
public abstract class SpecCmdlet : TimedDaemonCmdlet
{
    /// <summary>The names of the parameters that say what a generated spec is to be; the image says more than that.</summary>
    private protected static IEnumerable<string> SpecParameters =>
        typeof(SpecCmdlet).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(property => property.Name)
            .Where(name => name != nameof(Image));

    /// <summary>The image.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "The image's name, such as busybox or docker.io/library/busybox:1.36.")]
    [Alias("ImageName")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>The command.</summary>
    [Parameter(Position = 2, HelpMessage = "The program and its arguments, in place of the image's command: sh,-c,'echo hi'.")]
    [AllowEmptyCollection]
    public string[]? Command { get; set; }

    /// <summary>The entrypoint.</summary>
    [Parameter(HelpMessage = "Takes the place of the image's entrypoint and drops its command; an empty array removes the entrypoint.")]
    [AllowEmptyCollection]
    public string[]? Entrypoint { get; set; }

    /// <summary>Environment variables.</summary>
    [Parameter(HelpMessage = "Variables over the image's: a hashtable, or 'NAME=value'. NAME alone, or a null value, removes one.")]
    [Alias("Env")]
    [EnvironmentTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public string[] Environment { get; set => field = value ?? []; } = [];

    /// <summary>The working directory.</summary>
    [Parameter(HelpMessage = "The working directory: an absolute path inside the container.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The user.</summary>
    [Parameter(HelpMessage = "The user: name, id, name:group or id:group. Names are looked up in the image.")]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The host name.</summary>
    [Parameter(HelpMessage = "The host name inside the container.")]
    [ValidateNotNullOrEmpty]
    public string? Hostname { get; set; }

    /// <summary>Mounts.</summary>
    [Parameter(HelpMessage = "Mounts: '/host:/path:ro', 'type=bind,src=/host,dst=/path,options=rbind:ro', or a hashtable with these parts.")]
    [MountTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public CtrSpecMount[] Mount { get; set => field = value ?? []; } = [];

    /// <summary>Annotations.</summary>
    [Parameter(HelpMessage = "Annotations of the spec, for the runtime: a hashtable, or 'key=value'.")]
    [DictionaryTransformation]
    public Dictionary<string, string> Annotation { get; set; } = [];

    /// <summary>Whether there is a terminal.</summary>
    [Parameter(HelpMessage = "Gives the process a terminal.")]
    [Alias("Tty")]
    public SwitchParameter Terminal { get; set; }

    /// <summary>Whether the root file system is read-only.</summary>
    [Parameter(HelpMessage = "Makes the root file system read-only.")]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Whether the container is privileged.</summary>
    [Parameter(HelpMessage = "Gives all capabilities and devices of the host, and hides no paths.")]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Capabilities to add.</summary>
    [Parameter(HelpMessage = "Capabilities beside the default ones, such as NET_ADMIN, or ALL.")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    [AllowNull]
    [AllowEmptyCollection]
    public string[] CapabilityAdd { get; set => field = value ?? []; } = [];

    /// <summary>Capabilities to take away.</summary>
    [Parameter(HelpMessage = "Capabilities to take away, such as CHOWN, or ALL.")]
    [ArgumentCompleter(typeof(CapabilityCompleter))]
    [AllowNull]
    [AllowEmptyCollection]
    public string[] CapabilityDrop { get; set => field = value ?? []; } = [];

    /// <summary>The memory limit in bytes.</summary>
    [Parameter(HelpMessage = "The memory limit: bytes, or a size such as 64MB.")]
    [ByteSizeTransformation]
    public long? Memory { get; set; }

    /// <summary>Processors' worth of time.</summary>
    [Parameter(HelpMessage = "Processors' worth of time, such as 1.5; 0.01 at least.")]
    public double? Cpus { get; set; }

    /// <summary>The most processes.</summary>
    [Parameter(HelpMessage = "The most processes that the container may have.")]
    [ValidateRange(1, long.MaxValue)]
    public long? PidsLimit { get; set; }

    /// <summary>Resource limits.</summary>
    [Parameter(HelpMessage = "Resource limits, such as nofile=1024:2048 or core=unlimited.")]
    [RlimitTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public CtrSpecRlimit[] Rlimit { get; set => field = value ?? []; } = [];

    /// <summary>Devices.</summary>
    [Parameter(HelpMessage = "Devices of this machine: /dev/fuse, /dev/sda:/dev/xvda or /dev/sda:/dev/xvda:r.")]
    [DeviceTransformation]
    [AllowNull]
    [AllowEmptyCollection]
    public DeviceMapping[] Device { get; set => field = value ?? []; } = [];

    /// <summary>Whether the host's network is shared.</summary>
    [Parameter(HelpMessage = "Shares the host's network, its hosts and its resolv.conf.")]
    public SwitchParameter HostNetwork { get; set; }

    /// <summary>The control group's path.</summary>
    [Parameter(HelpMessage = "The control group's path; /namespace/id when left out, none when empty.")]
    [AllowEmptyString]
    public string? CgroupsPath { get; set; }

    /// <summary>The root file system on the daemon's host.</summary>
    [Parameter(HelpMessage = "A root file system: an absolute path on the daemon's host, in place of an image.")]
    [ValidateNotNullOrEmpty]
    public string? RootFsPath { get; set; }

    private protected ContainerSpecOptions SpecOptions(string id) => new()
    {
        Id = id,
        Command = Command,
        Entrypoint = Entrypoint,
        Environment = Environment,
        WorkingDirectory = WorkingDirectory,
        User = User,
        Hostname = Hostname,
        Mounts = Mount,
        Annotations = Annotation,
        Terminal = Terminal,
        ReadOnly = ReadOnly,
        Privileged = Privileged,
        CapabilityAdd = CapabilityAdd,
        CapabilityDrop = CapabilityDrop,
        Memory = Memory,
        Cpus = Cpus,
        PidsLimit = PidsLimit,
        Rlimits = Rlimit,
        Devices = Device,
        HostNetwork = HostNetwork,
        CgroupsPath = CgroupsPath,
        RootFsPath = RootFsPath,
    };
}
