using System.Text.Json;
using System.Text.Json.Serialization;
using Containerd.Client.Oci;

namespace Containerd;

/// <summary>A process of a container: its first one, or one that exec adds.</summary>
/// <remarks>Source: OCI runtime specification, config.md, section Process.</remarks>
public sealed class CtrSpecProcess : CtrSpecObject
{
    /// <summary>Whether the process gets a terminal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Terminal { get; set; }

    /// <summary>The size of the terminal; null for the runtime's default.</summary>
    public CtrSpecConsoleSize? ConsoleSize { get; set; }

    /// <summary>The user and groups that the process runs as.</summary>
    public CtrSpecUser User { get; set => field = value ?? new(); } = new();

    /// <summary>The program, then its arguments.</summary>
    public List<string> Args { get; set => field = value ?? []; } = [];

    /// <summary>The whole command line (Windows).</summary>
    public string? CommandLine { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Environment variables, each <c>KEY=VALUE</c>.</summary>
    public List<string> Env { get; set => field = value ?? []; } = [];

    /// <summary>The working directory, absolute inside the container.</summary>
    public string Cwd { get; set => field = value ?? ""; } = "";

    /// <summary>Linux capabilities.</summary>
    public CtrSpecCapabilities? Capabilities { get; set; }

    /// <summary>Resource limits of the process.</summary>
    public List<CtrSpecRlimit> Rlimits { get; set => field = value ?? []; } = [];

    /// <summary>Whether set-uid programs and file capabilities are kept from adding privileges.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NoNewPrivileges { get; set; }

    /// <summary>The AppArmor profile.</summary>
    public string? ApparmorProfile { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>The adjustment of the out-of-memory score, -1000 to 1000.</summary>
    public int? OomScoreAdj { get; set; }

    /// <summary>The SELinux label.</summary>
    public string? SelinuxLabel { get; set => field = SpecJson.NullIfEmpty(value); }

    /// <summary>Reads a process from JSON in UTF-8.</summary>
    /// <exception cref="FormatException">The bytes are not JSON or not an OCI process.</exception>
    public static CtrSpecProcess Parse(ReadOnlySpan<byte> utf8Json) =>
        SpecJson.Parse(utf8Json, SpecJson.Compact.Process, "an OCI process");

    /// <summary>Writes the process as JSON in UTF-8, the form that an exec carries.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, SpecJson.Compact.Process);
}

/// <summary>The size of a terminal in characters.</summary>
public sealed class CtrSpecConsoleSize : CtrSpecObject
{
    /// <summary>Lines.</summary>
    public uint Height { get; set; }

    /// <summary>Columns.</summary>
    public uint Width { get; set; }
}

/// <summary>The user and groups of a process.</summary>
public sealed class CtrSpecUser : CtrSpecObject
{
    /// <summary>The user id inside the container.</summary>
    public uint Uid { get; set; }

    /// <summary>The primary group id inside the container.</summary>
    public uint Gid { get; set; }

    /// <summary>The file mode creation mask; null keeps the runtime's.</summary>
    public uint? Umask { get; set; }

    /// <summary>Further group ids.</summary>
    public List<uint> AdditionalGids { get; set => field = value ?? []; } = [];

    /// <summary>The user's name (Windows).</summary>
    public string? Username { get; set => field = SpecJson.NullIfEmpty(value); }
}

/// <summary>The capability sets of a process, names as <c>CAP_CHOWN</c>.</summary>
public sealed class CtrSpecCapabilities : CtrSpecObject
{
    /// <summary>The most that the process and its children can gain.</summary>
    public List<string> Bounding { get; set => field = value ?? []; } = [];

    /// <summary>What the kernel checks.</summary>
    public List<string> Effective { get; set => field = value ?? []; } = [];

    /// <summary>What is kept over execve.</summary>
    public List<string> Inheritable { get; set => field = value ?? []; } = [];

    /// <summary>What the process may make effective.</summary>
    public List<string> Permitted { get; set => field = value ?? []; } = [];

    /// <summary>What is kept over execve of a program without capabilities.</summary>
    public List<string> Ambient { get; set => field = value ?? []; } = [];
}

/// <summary>A resource limit of a process, see setrlimit(2).</summary>
public sealed class CtrSpecRlimit : CtrSpecObject
{
    /// <summary>The limit's name, such as <c>RLIMIT_NOFILE</c>.</summary>
    public string Type { get; set => field = value ?? ""; } = "";

    /// <summary>The ceiling of the soft limit; <see cref="ulong.MaxValue"/> is no limit.</summary>
    public ulong Hard { get; set; }

    /// <summary>The limit in force; <see cref="ulong.MaxValue"/> is no limit.</summary>
    public ulong Soft { get; set; }
}
