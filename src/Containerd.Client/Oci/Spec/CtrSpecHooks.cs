namespace Containerd;

/// <summary>Commands that the runtime runs at points of a container's life.</summary>
/// <remarks>Source: OCI runtime specification, config.md, section POSIX-platform Hooks.</remarks>
public sealed class CtrSpecHooks : CtrSpecObject
{
    /// <summary>Before the process starts, in the runtime's namespace; deprecated by the specification.</summary>
    public List<CtrSpecHook> Prestart { get; set => field = value ?? []; } = [];

    /// <summary>While the environment is created, in the runtime's namespace.</summary>
    public List<CtrSpecHook> CreateRuntime { get; set => field = value ?? []; } = [];

    /// <summary>While the environment is created, in the container's namespace.</summary>
    public List<CtrSpecHook> CreateContainer { get; set => field = value ?? []; } = [];

    /// <summary>Just before the process starts, in the container's namespace.</summary>
    public List<CtrSpecHook> StartContainer { get; set => field = value ?? []; } = [];

    /// <summary>After the process has started, in the runtime's namespace.</summary>
    public List<CtrSpecHook> Poststart { get; set => field = value ?? []; } = [];

    /// <summary>After the container is deleted, in the runtime's namespace.</summary>
    public List<CtrSpecHook> Poststop { get; set => field = value ?? []; } = [];
}

/// <summary>A command of the runtime's host.</summary>
public sealed class CtrSpecHook : CtrSpecObject
{
    /// <summary>The program's absolute path.</summary>
    public string Path { get; set => field = value ?? ""; } = "";

    /// <summary>The arguments, the program's name first.</summary>
    public List<string> Args { get; set => field = value ?? []; } = [];

    /// <summary>Environment variables, each <c>KEY=VALUE</c>.</summary>
    public List<string> Env { get; set => field = value ?? []; } = [];

    /// <summary>Seconds after which the command is ended; null is no limit.</summary>
    public int? Timeout { get; set; }
}
