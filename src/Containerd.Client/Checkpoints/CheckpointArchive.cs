using System.Formats.Tar;
using Containerd.Client.Archives;
using Containerd.Client.IO;
using Containerd.Client.Oci.Images;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client;

/// <summary>
/// CRIU's images between a directory and the tar in the content store. They are files in directories; everything else,
/// such as links, devices and whiteouts, is refused, so nothing can lead out of the directory.
/// </summary>
internal static class CheckpointArchive
{
    /// <summary>The file that each checkpoint of CRIU has.</summary>
    public const string Inventory = "inventory.img";

    private const string WhiteoutPrefix = ".wh.";

    // A checkpoint holds the memory of processes: what it contains is for its owner alone.
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Unpacks a tar into a directory. Files and directories are their owner's alone; owners, modes, times and extended
    /// attributes of the tar are not taken over.
    /// </summary>
    /// <param name="archive">The tar, from its start.</param>
    /// <param name="directory">The directory, which is made where it is not there, and else is empty. After a failure it is not there.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Bytes of the files.</returns>
    /// <exception cref="InvalidDataException">The tar is damaged, no checkpoint, or holds what does not belong in one.</exception>
    public static async Task<long> ExtractAsync(Stream archive, string directory, CancellationToken cancellationToken)
    {
        CreateDirectory(directory);
        try
        {
            var tar = new TarReader(archive, leaveOpen: true);
            await using (tar.ConfigureAwait(false))
            {
                return await ExtractAsync(tar, directory, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>Writes a directory as a tar.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="archive">Receives the tar; stays open.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InvalidDataException">The directory holds what does not belong in a checkpoint.</exception>
    public static async Task WriteAsync(string directory, Stream archive, CancellationToken cancellationToken)
    {
        var root = new DirectoryInfo(directory);
        var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true);
        await using (tar.ConfigureAwait(false))
        {
            foreach (FileSystemInfo file in root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
            {
                if (file.LinkTarget is not null)
                {
                    throw new InvalidDataException($"'{file.FullName}' is a link, which no checkpoint has.");
                }

                if (file.Name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
                {
                    throw new InvalidDataException($"'{file.FullName}' is a whiteout, which no checkpoint has.");
                }

                if (OperatingSystem.IsLinux() && !IsFileOrDirectory(file.FullName))
                {
                    throw new InvalidDataException($"'{file.FullName}' is a FIFO, socket or device, which no checkpoint has.");
                }

                string name = Path.GetRelativePath(root.FullName, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
                await tar.WriteEntryAsync(file.FullName, name, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsFileOrDirectory(string path)
    {
        using SafeFileHandle directory = Libc.OpenDirectory(Path.GetDirectoryName(path)!);
        return Libc.StatusBelow(directory, Path.GetFileName(path), out Libc.FileStatus status) == 0
            ? status.IsRegularFile || status.IsDirectory
            : throw FileTree.Failure(path);
    }

    private static async Task<long> ExtractAsync(TarReader tar, string directory, CancellationToken cancellationToken)
    {
        var directories = new HashSet<string>(StringComparer.Ordinal) { "" };
        var files = new HashSet<string>(StringComparer.Ordinal);
        long size = 0;
        while (await ArchiveEntry.NextAsync(tar, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            string name = ArchivePath.Normalize(entry.Name);
            string[] parts = name.Split('/');
            if (parts.Any(part => part.StartsWith(WhiteoutPrefix, StringComparison.Ordinal)))
            {
                throw Refused(entry, "a whiteout");
            }

            if (name.Contains(':', StringComparison.Ordinal))
            {
                throw Refused(entry, "named as a drive or a stream of Windows is");
            }

            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                    MakeDirectories(directory, parts, directories, files);
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile when name.Length > 0:
                    MakeDirectories(directory, parts.AsSpan(0, parts.Length - 1), directories, files);
                    if (directories.Contains(name) || !files.Add(name))
                    {
                        throw Refused(entry, "there twice");
                    }

                    await ExtractFileAsync(entry, Path.Combine(directory, name), cancellationToken).ConfigureAwait(false);
                    size += entry.Length;
                    break;
                default:
                    throw Refused(entry, $"of the type {entry.EntryType}");
            }
        }

        return files.Contains(Inventory)
            ? size
            : throw new InvalidDataException($"There is no {Inventory} in the archive, so it is not a checkpoint of CRIU.");
    }

    private static void MakeDirectories(
        string root, ReadOnlySpan<string> parts, HashSet<string> directories, HashSet<string> files)
    {
        string name = "";
        foreach (string part in parts)
        {
            name = name.Length == 0 ? part : $"{name}/{part}";
            if (files.Contains(name))
            {
                throw new InvalidDataException($"The archive is refused: its entry '{name}' is a file and a directory.");
            }

            if (directories.Add(name))
            {
                CreateDirectory(Path.Combine(root, name));
            }
        }
    }

    private static async Task ExtractFileAsync(TarEntry entry, string path, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions
        {
            Mode = System.IO.FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileMode;
        }

        var file = new FileStream(path, options);
        await using (file.ConfigureAwait(false))
        {
            try
            {
                await (entry.DataStream ?? Stream.Null).CopyToAsync(file, 128 * 1024, cancellationToken).ConfigureAwait(false);
            }
            catch (EndOfStreamException e)
            {
                throw new InvalidDataException($"The archive ends within its entry '{entry.Name}'.", e);
            }
        }
    }

    /// <summary>Makes a directory for a checkpoint, and those above it.</summary>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, DirectoryMode);
        }
    }

    private static InvalidDataException Refused(TarEntry entry, string what) =>
        new($"The archive is refused: its entry '{entry.Name}' is {what}, which no checkpoint has.");
}
