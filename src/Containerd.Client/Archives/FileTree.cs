using System.Globalization;
using System.Runtime.InteropServices;
using Containerd.Client.IO;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Archives;

/// <summary>
/// A root directory in which paths are followed as a process does whose root it is: no link and no <c>..</c> leads out of it,
/// whatever others change in it meanwhile. What was found is an open handle and stays the same file.
/// </summary>
internal sealed class FileTree : IDisposable
{
    // The kernel asks to try again when something was moved while it followed a "..".
    private const int Attempts = 100;

    private readonly SafeFileHandle _root;

    private FileTree(SafeFileHandle root) => _root = root;

    /// <summary>Opens a root by its path, which is trusted.</summary>
    /// <exception cref="IOException">It is not there, no directory, or may not be opened.</exception>
    public static FileTree Open(string path)
    {
        SafeFileHandle root = Libc.OpenDirectory(path);
        return root.IsInvalid ? throw Failure(path) : new FileTree(root);
    }

    /// <summary>Finds a file; null where there is none, or only through links in a circle or one of /proc's.</summary>
    /// <param name="path">The path from the root.</param>
    /// <param name="follow">Whether a symbolic link in the last place is followed.</param>
    /// <param name="directory">Whether only a directory will do.</param>
    /// <exception cref="IOException">Something in the path is no directory, or it may not be opened.</exception>
    public SafeFileHandle? Find(string path, bool follow, bool directory = false)
    {
        int flags = Libc.PathOnly | (follow ? 0 : Libc.NoFollow) | (directory ? Libc.DirectoryOnly : 0);
        for (int attempt = 1; ; attempt++)
        {
            SafeFileHandle file = Libc.OpenAt(_root, path, flags, Libc.InRoot | Libc.NoMagicLinks);
            if (!file.IsInvalid)
            {
                return file;
            }

            int error = Marshal.GetLastPInvokeError();
            // ELOOP also says that a link is in the way, EXDEV that the file was moved out of the directory at that moment.
            if (error is Libc.NoEntry or Libc.TooManyLinks or Libc.CrossDevice)
            {
                return null;
            }

            if (error is not (Libc.TryAgain or Libc.Interrupted) || attempt == Attempts)
            {
                throw Failure(path, error);
            }
        }
    }

    /// <summary>Opens what lies below a directory and is reached through no link; a link in the last place is opened itself.</summary>
    /// <returns>Null where there is no such thing, where a link or file is in the way, or where it is moved out meanwhile.</returns>
    public static SafeFileHandle? OpenBelow(SafeFileHandle directory, string path, bool directoryOnly = false)
    {
        int flags = Libc.PathOnly | Libc.NoFollow | (directoryOnly ? Libc.DirectoryOnly : 0);
        SafeFileHandle file = Libc.OpenAt(directory, path, flags, Libc.Beneath | Libc.NoSymbolicLinks | Libc.NoMagicLinks);
        return !file.IsInvalid ? file
            : Marshal.GetLastPInvokeError() is var error && error is Libc.NoEntry or Libc.NotDirectory or Libc.TooManyLinks or Libc.CrossDevice ? null
            : throw Failure(path, error);
    }

    /// <summary>Opens a directory that was opened for its path alone.</summary>
    public static SafeFileHandle OpenForReading(SafeFileHandle directory)
    {
        SafeFileHandle opened = Libc.OpenAt(directory, ".", Libc.DirectoryOnly, Libc.Beneath);
        return opened.IsInvalid ? throw Failure(".") : opened;
    }

    /// <summary>Type, mode, size and time of an open file.</summary>
    public static Libc.FileStatus StatusOf(SafeFileHandle file) =>
        Libc.Status(file, out Libc.FileStatus status) == 0 ? status : throw Failure("status");

    /// <summary>Whether a directory is another one, or lies below it, also where that is mounted at a second place.</summary>
    public static bool IsWithin(SafeFileHandle directory, in Libc.FileStatus other)
    {
        SafeFileHandle current = OpenForReading(directory);
        try
        {
            Libc.FileStatus status = StatusOf(current);
            while (!status.Is(other))
            {
                SafeFileHandle above = Libc.OpenAt(current, "..", Libc.PathOnly | Libc.DirectoryOnly, 0);
                current.Dispose();
                current = above;
                if (above.IsInvalid)
                {
                    return false;
                }

                Libc.FileStatus below = status;
                status = StatusOf(above);
                if (status.Is(below))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            current.Dispose();
        }
    }

    /// <summary>A path to an open file that stays right, however the file is moved.</summary>
    public static string PathOf(SafeFileHandle file) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}");

    /// <summary>The last P/Invoke error, or another, as an exception with its number.</summary>
    public static IOException Failure(string path, int? error = null)
    {
        int number = error ?? Marshal.GetLastPInvokeError();
        return new IOException($"'{path}': {Marshal.GetPInvokeErrorMessage(number)}", number);
    }

    public void Dispose() => _root.Dispose();
}
