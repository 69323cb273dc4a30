using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.IO;

/// <summary>Named pipes of Linux: mkfifo(3), and open(2) that never blocks.</summary>
internal static class Fifo
{
    private const uint OwnerOnly = 0b110_000_000;
    private const int Capacity = 1024 * 1024;

    /// <summary>
    /// Makes a FIFO that only its owner can open. One that an earlier run left behind is replaced.
    /// </summary>
    /// <exception cref="IOException">It cannot be made, or something else than a FIFO has the name.</exception>
    public static void Create(string path)
    {
        if (Libc.MakeFifo(path, OwnerOnly) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() == Libc.FileExists)
        {
            // Opening proves that it is a FIFO; anything else throws and stays as it is.
            Open(path, FileAccess.Read).Dispose();
            File.Delete(path);
            if (Libc.MakeFifo(path, OwnerOnly) == 0)
            {
                return;
            }
        }

        throw LastError($"Cannot create the FIFO '{path}'");
    }

    /// <summary>
    /// Opens a FIFO. Reading succeeds at once, writing only where a reader is, and both together always.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened, or it is a link or not a FIFO.</exception>
    public static SafePipeHandle Open(string path, FileAccess access)
    {
        // O_RDONLY, O_WRONLY and O_RDWR are 0, 1 and 2; FileAccess counts from 1.
        var mode = (int)access - 1;
        var handle = Libc.Open(path, mode | Libc.NonBlocking | Libc.CloseOnExec | Libc.NoFollow);
        try
        {
            if (handle.IsInvalid)
            {
                throw LastError($"Cannot open the FIFO '{path}'");
            }

            var capacity = Libc.Control(handle, Libc.GetPipeSize, 0);
            if (capacity < 0)
            {
                throw new IOException($"'{path}' is not a FIFO.");
            }

            if (capacity < Capacity)
            {
                // A matter of speed alone: an unprivileged user may have spent what pipes are allowed.
                _ = Libc.Control(handle, Libc.SetPipeSize, Capacity);
            }

            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Opens the reading end of a FIFO once more, also where its name is gone or names something else by now: proc(5), fd.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="ObjectDisposedException"><paramref name="reader"/> is closed.</exception>
    public static SafePipeHandle Reopen(SafePipeHandle reader)
    {
        var held = false;
        try
        {
            // Else the number could be another file's by now.
            reader.DangerousAddRef(ref held);
            var handle = Libc.Open($"/proc/self/fd/{reader.DangerousGetHandle()}", Libc.NonBlocking | Libc.CloseOnExec);
            return handle.IsInvalid ? throw LastError("Cannot open the FIFO again") : handle;
        }
        finally
        {
            if (held)
            {
                reader.DangerousRelease();
            }
        }
    }

    /// <summary>Whether no process has a FIFO open for reading.</summary>
    public static bool HasNoReader(string path)
    {
        using var handle = Libc.Open(path, (int)FileAccess.Write - 1 | Libc.NonBlocking | Libc.CloseOnExec | Libc.NoFollow);
        return handle.IsInvalid && Marshal.GetLastPInvokeError() == Libc.NoSuchDevice;
    }

    private static IOException LastError(string what) =>
        new($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
}
