namespace Containerd.PowerShell.Completion;

/// <summary>A value that may complete a word, and what to tell about it.</summary>
internal readonly record struct Candidate(string Value, string? Description = null);
