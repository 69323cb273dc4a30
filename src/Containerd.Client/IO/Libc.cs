using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.IO;

/// <summary>The C library's calls that .NET does not offer, with Linux's values.</summary>
internal static partial class Libc
{
    public const int NoSuchProcess = 3;
    public const int Interrupted = 4;
    public const int NoSuchDevice = 6;
    public const int TryAgain = 11;
    public const int FileExists = 17;

    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    public const int SetPipeSize = 1031;
    public const int GetPipeSize = 1032;

    /// <summary>O_NOFOLLOW, which differs between architectures.</summary>
    public static int NoFollow { get; } = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.Arm or Architecture.Armv6 or Architecture.Arm64 or Architecture.Ppc64le => 0x8000,
        _ => 0x20000,
    };

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int MakeFifo(string path, uint mode);

    /// <summary>kill(2); signal 0 only asks whether there is such a process.</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Kill(int pid, int signal);

    // It gives an int: taken for a handle as it is, -1 would be a large number and no failure.
    public static SafePipeHandle Open(string path, int flags) => new(OpenDescriptor(path, flags), ownsHandle: true);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Control(SafePipeHandle handle, int command, int argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint Read(SafePipeHandle handle, Span<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenDescriptor(string path, int flags);
}
