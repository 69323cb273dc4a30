namespace Containerd.Client.Terminals;

/// <summary>The size of a terminal's window, in characters.</summary>
internal readonly record struct TerminalSize(int Columns, int Rows)
{
    /// <summary>Whether the terminal told it.</summary>
    public bool IsKnown => Columns > 0 && Rows > 0;
}
