using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Tasks;

/// <summary>What <c>-LogPath</c>, <c>-LogUri</c> and <c>-NoIO</c> say of a detached process's output.</summary>
internal static class OutputChoice
{
    /// <exception cref="CtrException">Two of them were given, or one cannot be used.</exception>
    public static DetachedOutput Find(SessionState session, string? logPath, string? logUri, bool noIO) => (logPath, logUri, noIO) switch
    {
        (null, null, false) => DetachedOutput.DefaultLog,
        (null, null, true) => DetachedOutput.None,
        ({ } path, null, false) => DetachedOutput.ToFile(session.Path.GetUnresolvedProviderPathFromPSPath(path)),
        (null, { } uri, false) => DetachedOutput.ToUri(uri),
        _ => throw new CtrException(CtrErrorKind.InvalidArgument, "OutputGivenTwice", "-LogPath, -LogUri and -NoIO exclude each other."),
    };
}
