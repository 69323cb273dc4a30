using System.Runtime.InteropServices;

namespace Containerd.Client.Oci;

/// <summary>Device nodes of this machine, in the form in which a spec names them.</summary>
internal static partial class HostDevices
{
    // Belong to the host or are mounted anew in each container.
    private static readonly HashSet<string> SkippedDirectories = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"];

    /// <summary>
    /// Every device node under /dev but the console, as ctr lists them; none where this machine is not Linux, since
    /// those of the daemon's host can't be seen from it.
    /// </summary>
    internal static List<CtrSpecDevice> All() => OperatingSystem.IsLinux() ? Walk("/dev", "/dev").ToList() : [];

    /// <summary>The device at a path, or every device below a directory.</summary>
    /// <param name="path">The path on this machine.</param>
    /// <param name="containerPath">The path inside the container.</param>
    /// <exception cref="FormatException">There is nothing at the path, or it is no device.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine is not Linux.</exception>
    internal static List<CtrSpecDevice> At(string path, string containerPath)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException($"The device '{path}' can't be looked up: devices are read from this machine, which must be Linux.");
        }

        if (Directory.Exists(path))
        {
            return Walk(path, containerPath).ToList();
        }

        var device = Read(path, containerPath, out var errno)
            ?? throw new FormatException(errno == 0
                ? $"'{path}' is not a device: the path of a character or block device, or of a directory of devices, is wanted."
                : $"The device '{path}' can't be read: {Marshal.GetPInvokeErrorMessage(errno)}.");
        return [device];
    }

    private static IEnumerable<CtrSpecDevice> Walk(string path, string containerPath)
    {
        foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            var inside = $"{containerPath}/{entry.Name}";
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                if (!SkippedDirectories.Contains(entry.Name))
                {
                    foreach (var device in Walk(entry.FullName, inside))
                    {
                        yield return device;
                    }
                }
            }
            else if (entry.Name != "console" && Read(entry.FullName, inside, out _) is { Type: not "p" } device)
            {
                yield return device;
            }
        }
    }

    /// <summary>Null with errno 0 where the path is no device (a symbolic link is none); null with an errno where it can't be read.</summary>
    private static CtrSpecDevice? Read(string path, string containerPath, out int errno)
    {
        errno = 0;
        if (Statx(CurrentDirectory, path, NoFollow, BasicStats, out var status) != 0)
        {
            errno = Marshal.GetLastPInvokeError();
            return null;
        }

        var type = (status.Mode & 0xF000) switch
        {
            0x6000 => "b",
            0x2000 => "c",
            0x1000 => "p",
            _ => null,
        };
        return type is null ? null : new()
        {
            Type = type,
            Path = containerPath,
            Major = status.DeviceMajor,
            Minor = status.DeviceMinor,
            FileMode = (uint)(status.Mode & 0xFFF),
            Uid = status.Uid,
            Gid = status.Gid,
        };
    }

    private const int CurrentDirectory = -100;

    private const int NoFollow = 0x100;

    private const uint BasicStats = 0x7FF;

    // statx, because its structure is the same on every architecture and libc.
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out StatxBuffer buffer);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(20)]
        internal uint Uid;

        [FieldOffset(24)]
        internal uint Gid;

        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(128)]
        internal uint DeviceMajor;

        [FieldOffset(132)]
        internal uint DeviceMinor;
    }
}
