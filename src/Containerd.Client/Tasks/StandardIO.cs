using Containerd.Client.IO;

namespace Containerd.Client;

/// <summary>The standard streams of a process, as Create and Exec name them: FIFO paths, URIs, or empty for none.</summary>
internal readonly record struct StandardIO(string Input, string Output, string Error, bool Terminal)
{
    public static StandardIO Of(ProcessFifos fifos, bool terminal) =>
        new(fifos.StandardInputPath, fifos.StandardOutputPath, fifos.StandardErrorPath, terminal);
}
