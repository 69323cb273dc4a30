using Containerd.Client;

namespace Containerd.PowerShell.Sessions;

/// <summary>The daemon and the namespace for whoever names none: those of the environment, else the platform's.</summary>
internal static class DefaultDaemon
{
    public static string Address => Variable("CONTAINERD_ADDRESS") ?? ContainerdAddress.Default.ToString();

    public static string Namespace => Variable("CONTAINERD_NAMESPACE") ?? "default";

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
