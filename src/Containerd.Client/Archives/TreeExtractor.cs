using System.Formats.Tar;
using System.Runtime.Versioning;
using Containerd.Client.IO;
using Containerd.Client.Oci.Images;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Archives;

/// <summary>
/// Unpacks a tar of files, directories and symbolic links below a directory. Nothing outside of it is made or changed: names
/// that lead out are refused, and no link is followed, whether the tar brings it, it was there, or it comes meanwhile.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class TreeExtractor : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode ModeMask = (UnixFileMode)0x3FF;

    private readonly SafeFileHandle _target;
    private readonly (uint Uid, uint Gid)? _owner;
    private readonly CopyCount _count;
    private readonly List<(string Name, UnixFileMode Mode, DateTimeOffset Time)> _newDirectories = [];

    // Entries of one directory follow each other.
    private (string Name, SafeFileHandle Directory)? _parent;

    private TreeExtractor(SafeFileHandle target, (uint Uid, uint Gid)? owner, CopyCount count) =>
        (_target, _owner, _count) = (target, owner, count);

    /// <summary>Unpacks a tar.</summary>
    /// <param name="archive">The tar, from its start.</param>
    /// <param name="target">The directory, opened for its path alone.</param>
    /// <param name="owner">Who gets what is made, as the host counts; null for whoever runs this.</param>
    /// <param name="count">What was made.</param>
    /// <param name="cancellationToken">Ends the work; a file that is not whole then is not there.</param>
    /// <exception cref="InvalidDataException">The tar is damaged, or holds what is refused.</exception>
    /// <exception cref="IOException">A file is in the place of a directory or the other way round, or the disk fails.</exception>
    public static async Task ExtractAsync(
        Stream archive, SafeFileHandle target, (uint Uid, uint Gid)? owner, CopyCount count, CancellationToken cancellationToken)
    {
        using var extractor = new TreeExtractor(target, owner, count);
        var tar = new TarReader(archive, leaveOpen: true);
        await using (tar.ConfigureAwait(false))
        {
            while (await ArchiveEntry.NextAsync(tar, cancellationToken).ConfigureAwait(false) is { } entry)
            {
                await extractor.ExtractAsync(entry, cancellationToken).ConfigureAwait(false);
            }
        }

        extractor.FinishDirectories();
    }

    public void Dispose() => CloseParent();

    private async Task ExtractAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        string name = ArchivePath.NormalizeRooted(entry.Name);
        bool isDirectory = entry.EntryType == TarEntryType.Directory;
        if (name.Length == 0)
        {
            if (!isDirectory)
            {
                throw Refused(entry.Name, "has no name");
            }

            return;
        }

        int slash = name.LastIndexOf('/');
        string leaf = name[(slash + 1)..];
        SafeFileHandle parent = ParentOf(entry.Name, slash < 0 ? "" : name[..slash]);
        if (isDirectory)
        {
            MakeDirectory(parent, name, leaf, entry);
            return;
        }

        // It takes its place when it is whole, so that nobody ever sees a part of it.
        string temporary = $".ctr-{Guid.NewGuid():N}";
        string path = $"{FileTree.PathOf(parent)}/{temporary}";
        try
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    await ExtractFileAsync(entry, path, cancellationToken).ConfigureAwait(false);
                    break;
                case TarEntryType.SymbolicLink when entry.LinkName.Length > 0 && !entry.LinkName.Contains('\0', StringComparison.Ordinal):
                    File.CreateSymbolicLink(path, entry.LinkName);
                    SetOwner(parent, temporary);
                    break;
                default:
                    throw Refused(entry.Name, $"is of the type {entry.EntryType}");
            }

            if (Libc.Rename(parent, temporary, parent, leaf) != 0)
            {
                throw FileTree.Failure(name);
            }
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        _count.Files++;
        _count.Size += entry.Length;
    }

    private void MakeDirectory(SafeFileHandle parent, string name, string leaf, TarEntry entry)
    {
        using (SafeFileHandle? there = FileTree.OpenBelow(parent, leaf))
        {
            if (there is not null)
            {
                // One that is there keeps what it has; a link to one is a file.
                if (!FileTree.StatusOf(there).IsDirectory)
                {
                    throw FileTree.Failure(name, Libc.NotDirectory);
                }

                return;
            }
        }

        Directory.CreateDirectory($"{FileTree.PathOf(parent)}/{leaf}", OwnerOnly);
        SetOwner(parent, leaf);
        _newDirectories.Add((name, entry.Mode & ModeMask, entry.ModificationTime));
    }

    private async Task ExtractFileAsync(TarEntry entry, string path, CancellationToken cancellationToken)
    {
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
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

            if (file.Length != entry.Length)
            {
                throw new InvalidDataException($"The archive ends within its entry '{entry.Name}'.");
            }

            if (_owner is { } owner && Libc.ChangeOwner(file.SafeFileHandle, owner.Uid, owner.Gid) != 0)
            {
                throw FileTree.Failure(entry.Name);
            }

            File.SetUnixFileMode(file.SafeFileHandle, entry.Mode & ModeMask);
            File.SetLastWriteTimeUtc(file.SafeFileHandle, entry.ModificationTime.UtcDateTime);
        }
    }

    private void SetOwner(SafeFileHandle parent, string leaf)
    {
        if (_owner is { } owner)
        {
            using SafeFileHandle file = FileTree.OpenBelow(parent, leaf) ?? throw FileTree.Failure(leaf, Libc.NoEntry);
            if (Libc.ChangeOwner(file, owner.Uid, owner.Gid) != 0)
            {
                throw FileTree.Failure(leaf);
            }
        }
    }

    // A directory may forbid what is put into it, and its time changes with that: so these come last, the deepest first.
    private void FinishDirectories()
    {
        foreach ((string name, UnixFileMode mode, DateTimeOffset time) in Enumerable.Reverse(_newDirectories))
        {
            using SafeFileHandle? directory = FileTree.OpenBelow(_target, name, directoryOnly: true);
            if (directory is not null)
            {
                using SafeFileHandle opened = FileTree.OpenForReading(directory);
                File.SetUnixFileMode(opened, mode);
                File.SetLastWriteTimeUtc(opened, time.UtcDateTime);
            }
        }
    }

    private SafeFileHandle ParentOf(string entryName, string name)
    {
        if (name.Length == 0)
        {
            return _target;
        }

        if (_parent is { } last && last.Name == name)
        {
            return last.Directory;
        }

        CloseParent();
        SafeFileHandle directory = FileTree.OpenBelow(_target, name, directoryOnly: true)
            ?? throw Refused(entryName, "lies in no directory, or behind a link");
        _parent = (name, directory);
        return directory;
    }

    private void CloseParent()
    {
        _parent?.Directory.Dispose();
        _parent = null;
    }

    private static InvalidDataException Refused(string name, string why) =>
        new($"The archive is refused: its entry '{name}' {why}.");
}
