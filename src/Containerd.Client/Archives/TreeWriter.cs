using System.Formats.Tar;
using Containerd.Client.IO;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Archives;

/// <summary>
/// Writes files and directories as a tar. The tree may be changed by somebody who means harm while it is being read: each file
/// is opened from its directory, through no link, and looked at before it is read.
/// </summary>
internal sealed class TreeWriter(TarWriter tar, CopyCount count)
{
    // rwx for each, and the sticky bit; set-user-ID and set-group-ID mean nothing once the owner is another.
    private const int ModeMask = 0x3FF;

    // What the time field of a tar's header holds: eleven octal digits.
    private const long MaximumSeconds = (1L << 33) - 1;

    /// <summary>Writes a file, a link, or a directory with all that is in it.</summary>
    /// <param name="item">What to write, opened for its path alone.</param>
    /// <param name="name">Its name in the tar; empty for the content of a directory alone.</param>
    /// <param name="archive">Receives the tar; stays open.</param>
    /// <param name="count">What was left out.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task WriteAsync(
        SafeFileHandle item, string name, Stream archive, CopyCount count, CancellationToken cancellationToken)
    {
        var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true);
        await using (tar.ConfigureAwait(false))
        {
            await new TreeWriter(tar, count).WriteAsync(item, name, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(SafeFileHandle item, string name, CancellationToken cancellationToken)
    {
        Libc.FileStatus status = FileTree.StatusOf(item);
        if (name.Length > 0)
        {
            await WriteEntryAsync(item, status, name, cancellationToken).ConfigureAwait(false);
        }

        // Directories yet to be read, by their path from the item: however deep the tree, one of them is open at a time.
        var pending = new Stack<string>();
        if (status.IsDirectory)
        {
            pending.Push(".");
        }

        while (pending.TryPop(out string? path))
        {
            using SafeFileHandle? directory = FileTree.OpenBelow(item, path, directoryOnly: true);
            if (directory is null)
            {
                count.Skipped++;
                continue;
            }

            Libc.FileStatus parent = FileTree.StatusOf(directory);
            foreach (string found in Directory.EnumerateFileSystemEntries(FileTree.PathOf(directory) + "/"))
            {
                cancellationToken.ThrowIfCancellationRequested();
                string leaf = Path.GetFileName(found);
                string below = path == "." ? leaf : $"{path}/{leaf}";
                if (await WriteBelowAsync(directory, parent, leaf, name.Length == 0 ? below : $"{name}/{below}", cancellationToken).ConfigureAwait(false))
                {
                    pending.Push(below);
                }
            }
        }
    }

    /// <summary>Writes one thing of a directory and tells whether it is itself a directory to be read.</summary>
    private async Task<bool> WriteBelowAsync(
        SafeFileHandle directory, Libc.FileStatus parent, string leaf, string name, CancellationToken cancellationToken)
    {
        using SafeFileHandle? file = FileTree.OpenBelow(directory, leaf);
        if (file is null)
        {
            count.Skipped++;
            return false;
        }

        Libc.FileStatus status = FileTree.StatusOf(file);
        await WriteEntryAsync(file, status, name, cancellationToken).ConfigureAwait(false);
        if (!status.IsDirectory)
        {
            return false;
        }

        bool mounted = (status.DeviceMajor, status.DeviceMinor) != (parent.DeviceMajor, parent.DeviceMinor);
        if (mounted && IsKernelView(file))
        {
            count.Skipped++;
            return false;
        }

        return true;
    }

    // Their files have no length, or one that is not true. Who wants one of them names it.
    private static bool IsKernelView(SafeFileHandle directory) =>
        new DriveInfo(FileTree.PathOf(directory)).DriveFormat is "proc" or "sysfs";

    private async Task WriteEntryAsync(
        SafeFileHandle file, Libc.FileStatus status, string name, CancellationToken cancellationToken)
    {
        TarEntry? entry = null;
        if (status.IsDirectory)
        {
            entry = NewEntry(TarEntryType.Directory, name);
        }
        else if (status.IsSymbolicLink && Libc.ReadLink(file) is { } target)
        {
            entry = NewEntry(TarEntryType.SymbolicLink, name, target);
            entry.LinkName = target;
        }
        else if (status.IsRegularFile)
        {
            SafeFileHandle content = File.OpenHandle(FileTree.PathOf(file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            entry = NewEntry(TarEntryType.RegularFile, name);
            entry.DataStream = new FileContent(content, (long)status.Size);
        }

        if (entry is null)
        {
            count.Skipped++;
            return;
        }

        using (entry.DataStream)
        {
            entry.Mode = (UnixFileMode)(status.Mode & ModeMask);
            entry.ModificationTime = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(status.ModifiedSeconds, 0, MaximumSeconds))
                .AddTicks(status.ModifiedNanoseconds / TimeSpan.NanosecondsPerTick);
            await tar.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
        }
    }

    // .NET's reader ends a record of the PAX format at a line break, also one in a name; GNU's format loses parts of seconds.
    private static TarEntry NewEntry(TarEntryType type, string name, string target = "") =>
        (name + target).Contains('\n', StringComparison.Ordinal) ? new GnuTarEntry(type, name) : new PaxTarEntry(type, name);
}
