namespace Containerd.Client;

/// <summary>What to run in a container, beside its first process. What is not given is as the container's spec has it.</summary>
public sealed record ExecOptions
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The exec's id; null for a random one.</summary>
    public string? ExecId { get; init; }

    /// <summary>Environment variables over the container's: <c>KEY=VALUE</c> sets, <c>KEY</c> removes.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>The working directory, absolute inside the container.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The user: a name or id, alone or with a group after a colon.</summary>
    public string? User { get; init; }

    /// <summary>Whether it gets a terminal, which joins both outputs in one.</summary>
    public bool Terminal { get; init; }

    /// <summary>Whether it gets a standard input; else it reads the end at once.</summary>
    public bool StandardInput { get; init; }
}
