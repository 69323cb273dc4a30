namespace Containerd.Client.Oci;

/// <summary>A device of this machine and where it shows inside a container.</summary>
/// <param name="HostPath">The path on this machine: a device, or a directory of devices.</param>
/// <param name="ContainerPath">The path inside the container.</param>
/// <param name="Access">Of r (read), w (write) and m (mknod).</param>
public sealed record DeviceMapping(string HostPath, string ContainerPath, string Access);

/// <summary>Reads devices as people write them.</summary>
public static class DeviceParser
{
    /// <summary>Reads <c>host</c>, <c>host:access</c>, <c>host:container</c> or <c>host:container:access</c>.</summary>
    /// <param name="text">Such as <c>/dev/fuse</c> or <c>/dev/sda:/dev/xvda:r</c>.</param>
    /// <exception cref="FormatException">The text has another form, a path is not absolute, or the access has other letters.</exception>
    public static DeviceMapping Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':');
        var host = parts[0];
        var second = parts.Length > 1 ? parts[1] : host;
        var (container, access) = parts.Length switch
        {
            1 => (host, LinuxDefaults.AnyAccess),
            2 when IsAccess(second) => (host, second),
            2 => (second, LinuxDefaults.AnyAccess),
            3 => (second, parts[2]),
            _ => ("", ""),
        };
        Validate(new(host, container, access), text);
        return new(host.TrimEnd('/'), container.TrimEnd('/'), access);
    }

    /// <summary>Checks a mapping, however it was made.</summary>
    /// <exception cref="FormatException">A path is not absolute, or the access has other letters.</exception>
    internal static void Validate(DeviceMapping mapping) =>
        Validate(mapping, $"{mapping.HostPath}:{mapping.ContainerPath}:{mapping.Access}");

    private static void Validate(DeviceMapping mapping, string text)
    {
        if (!LinuxPath.IsAbsolute(mapping.HostPath) || !LinuxPath.IsAbsolute(mapping.ContainerPath) || !IsAccess(mapping.Access))
        {
            throw new FormatException($"'{text}' is not a device: /host/path[:/container/path][:access] is wanted, access being letters of rwm, such as /dev/fuse or /dev/sda:/dev/xvda:r.");
        }
    }

    private static bool IsAccess(string text) =>
        text.Length is > 0 and <= 3 && text.All(c => "rwm".Contains(c, StringComparison.Ordinal)) && text.Distinct().Count() == text.Length;
}
