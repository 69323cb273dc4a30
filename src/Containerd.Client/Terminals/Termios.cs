using System.Runtime.InteropServices;

namespace Containerd.Client.Terminals;

/// <summary>The C library's calls for terminals, with Linux's values (termios(3), ioctl_tty(2), poll(2)).</summary>
internal static partial class Termios
{
    public const int StandardInput = 0;
    public const int StandardOutput = 1;

    /// <summary>TCSADRAIN: what was written goes out first, and what was typed stays.</summary>
    public const int AfterOutput = 1;

    /// <summary>POLLIN.</summary>
    public const short Readable = 1;

    /// <summary>More than a <c>struct termios</c> has anywhere: it is kept and given back, never looked into.</summary>
    public const int AttributesSize = 128;

    private const int Interrupted = 4;

    /// <summary>TIOCGWINSZ, which differs between architectures.</summary>
    private static readonly nuint s_getWindowSize = RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 0x40087468u : 0x5413u;

    [LibraryImport("libc", EntryPoint = "isatty")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int GetAttributes(int descriptor, Span<byte> attributes);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetAttributes(int descriptor, int when, ReadOnlySpan<byte> attributes);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void MakeRaw(Span<byte> attributes);

    /// <summary>Waits until something can be read; false when the time is over.</summary>
    public static bool WaitUntilReadable(int descriptor, TimeSpan timeout)
    {
        var poll = new PollDescriptor { Descriptor = descriptor, Events = Readable };
        return Poll(ref poll, 1, (int)timeout.TotalMilliseconds) > 0;
    }

    /// <summary>Reads; 0 at the end, which a terminal that was hung up has too.</summary>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        while (true)
        {
            int count = (int)ReadDescriptor(descriptor, buffer, buffer.Length);
            if (count >= 0)
            {
                return count;
            }

            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                return 0;
            }
        }
    }

    /// <summary>The window's size; zeros where the terminal does not know it.</summary>
    public static TerminalSize GetSize(int descriptor)
    {
        var size = default(WindowSize);
        return Ioctl(descriptor, s_getWindowSize, ref size) == 0 ? new TerminalSize(size.Columns, size.Rows) : default;
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint ReadDescriptor(int descriptor, Span<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Ioctl(int descriptor, nuint request, ref WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
