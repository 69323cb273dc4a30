using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.IO;

/// <summary>Files named from an open directory, for paths that somebody else may change meanwhile.</summary>
internal static partial class Libc
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int PermissionDenied = 13;
    public const int Busy = 16;
    public const int CrossDevice = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int NoSpace = 28;
    public const int TooManyLinks = 40;

    /// <summary>O_PATH: a handle to the file itself, which neither reads it nor has any effect on a device or FIFO.</summary>
    public const int PathOnly = 0x200000;

    /// <summary>RESOLVE_NO_MAGICLINKS: the links of /proc, which lead anywhere, lead nowhere.</summary>
    public const ulong NoMagicLinks = 0x02;

    /// <summary>RESOLVE_NO_SYMLINKS.</summary>
    public const ulong NoSymbolicLinks = 0x04;

    /// <summary>RESOLVE_BENEATH: nothing outside of the directory.</summary>
    public const ulong Beneath = 0x08;

    /// <summary>RESOLVE_IN_ROOT: the directory is the root, for links and <c>..</c> too.</summary>
    public const ulong InRoot = 0x10;

    // The same on every architecture.
    private const int OpenAt2Number = 437;
    private const int EmptyPath = 0x1000;
    private const int SymbolicLinkItself = 0x100;
    private const uint BasicStats = 0x7FF;
    private const int MaximumPathBytes = 4096;

    /// <summary>O_DIRECTORY, which differs between architectures.</summary>
    public static int DirectoryOnly { get; } = NoFollow == 0x8000 ? 0x4000 : 0x10000;

    /// <summary>openat2(2); the handle is invalid after a failure, which the last P/Invoke error tells.</summary>
    public static SafeFileHandle OpenAt(SafeFileHandle directory, string path, int flags, ulong resolve)
    {
        var how = new OpenHow { Flags = (ulong)(flags | CloseOnExec), Resolve = resolve };
        return new SafeFileHandle(OpenAt2(OpenAt2Number, directory, path, ref how, Marshal.SizeOf<OpenHow>()), ownsHandle: true);
    }

    /// <summary>open(2) for a directory that is a root.</summary>
    public static SafeFileHandle OpenDirectory(string path) =>
        new(OpenDescriptor(path, PathOnly | DirectoryOnly | CloseOnExec), ownsHandle: true);

    /// <summary>statx(2) of an open file.</summary>
    public static int Status(SafeFileHandle file, out FileStatus status) =>
        Statx(file, "", EmptyPath | SymbolicLinkItself, BasicStats, out status);

    /// <summary>statx(2) of what is in a directory, also of a symbolic link.</summary>
    public static int StatusBelow(SafeFileHandle directory, string path, out FileStatus status) =>
        Statx(directory, path, SymbolicLinkItself, BasicStats, out status);

    /// <summary>fchownat(2) of an open file, also of a symbolic link.</summary>
    public static int ChangeOwner(SafeFileHandle file, uint uid, uint gid) =>
        ChangeOwnerAt(file, "", uid, gid, EmptyPath | SymbolicLinkItself);

    /// <summary>readlinkat(2) of an open symbolic link; null after a failure.</summary>
    public static string? ReadLink(SafeFileHandle link)
    {
        Span<byte> target = stackalloc byte[MaximumPathBytes];
        nint length = ReadLinkAt(link, "", target, target.Length);
        return length < 0 ? null : Encoding.UTF8.GetString(target[..(int)length]);
    }

    /// <summary>renameat(2).</summary>
    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Rename(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint OpenAt2(nint number, SafeFileHandle directory, string path, ref OpenHow how, nint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwnerAt(SafeFileHandle directory, string path, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ReadLinkAt(SafeFileHandle directory, string path, Span<byte> target, nint size);

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>struct statx, which is the same on every architecture and libc.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct FileStatus
    {
        private const int TypeMask = 0xF000;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;

        public readonly bool IsDirectory => (Mode & TypeMask) == 0x4000;

        public readonly bool IsRegularFile => (Mode & TypeMask) == 0x8000;

        /// <summary>Whether it is the same file, by whatever path it was reached.</summary>
        public readonly bool Is(in FileStatus other) =>
            (DeviceMajor, DeviceMinor, Inode) == (other.DeviceMajor, other.DeviceMinor, other.Inode);

        public readonly bool IsSymbolicLink => (Mode & TypeMask) == 0xA000;
    }
}
