using System.Formats.Tar;
using System.Runtime.CompilerServices;

namespace Containerd.Client.Oci.Images;

/// <summary>A file or a link of an image archive.</summary>
/// <param name="Name">The path from the archive's root: parts between single slashes, none of them <c>.</c> or <c>..</c>.</param>
/// <param name="Size">Bytes of a file.</param>
/// <param name="Content">The content of a file, valid until the next entry is asked for; null for a link.</param>
/// <param name="LinkTarget">The name of the entry that a link stands for.</param>
internal sealed record ArchiveEntry(string Name, long Size, Stream? Content, string? LinkTarget)
{
    /// <summary>The files and links of a tar, plain or gzip.</summary>
    /// <exception cref="InvalidDataException">The tar is damaged, or names or links leave its root.</exception>
    internal static async IAsyncEnumerable<ArchiveEntry> ReadTarAsync(Stream archive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var content = await Compression.DecompressAsync(archive, cancellationToken).ConfigureAwait(false);
        var tar = new TarReader(content, leaveOpen: true);
        await using var owned = tar.ConfigureAwait(false);
        while (await NextAsync(tar, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    yield return new(ArchivePath.Normalize(entry.Name), entry.Length, entry.DataStream ?? Stream.Null, null);
                    break;
                case TarEntryType.HardLink:
                    yield return new(ArchivePath.Normalize(entry.Name), 0, null, ArchivePath.Normalize(entry.LinkName));
                    break;
                case TarEntryType.SymbolicLink:
                    var name = ArchivePath.Normalize(entry.Name);
                    yield return new(name, 0, null, ArchivePath.Resolve(name, entry.LinkName));
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>The files of a directory. Symbolic links are passed over: they may lead anywhere.</summary>
    internal static async IAsyncEnumerable<ArchiveEntry> ReadDirectoryAsync(string path)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var file in Directory.EnumerateFiles(path, "*", options))
        {
            var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            await using var owned = stream.ConfigureAwait(false);
            var name = Path.GetRelativePath(path, file).Replace(Path.DirectorySeparatorChar, '/');
            yield return new(name, stream.Length, stream, null);
        }
    }

    /// <exception cref="InvalidDataException">The tar is damaged.</exception>
    internal static async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or InvalidDataException or OverflowException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException("This is not a whole tar archive, plain or gzip.", e);
        }
    }
}
