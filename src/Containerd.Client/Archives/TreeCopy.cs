using System.Runtime.Versioning;
using Containerd.Client.IO;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Archives;

/// <summary>
/// Copies from one tree to another as <c>cp -R</c> does: a directory gets the item in it, what is not there yet is the item's new
/// name, and <c>/.</c> stands for what is in a directory.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static class TreeCopy
{
    /// <param name="source">What to copy.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="owner">Who gets what is made; null for whoever runs this.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CtrException">It cannot be copied.</exception>
    public static async Task<CopyCount> RunAsync(
        CopyPlace source,
        CopyPlace destination,
        (uint Uid, uint Gid)? owner,
        CancellationToken cancellationToken)
    {
        var count = new CopyCount();
        try
        {
            using FileTree host = FileTree.Open("/");
            using SafeFileHandle item = FindSource(source.Tree ?? host, source);
            Libc.FileStatus status = FileTree.StatusOf(item);
            (SafeFileHandle directory, string name) = FindDestination(
                destination.Tree ?? host, destination, NameOf(source.Path), status.IsDirectory);
            using (directory)
            {
                if (status.IsDirectory && FileTree.IsWithin(directory, status))
                {
                    throw CopyErrors.IntoItself(source, destination);
                }

                await TarPipe.RunAsync(
                    (tar, stop) => TreeWriter.WriteAsync(item, name, tar, count, stop),
                    (tar, stop) => TreeExtractor.ExtractAsync(tar, directory, owner, count, stop),
                    cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw CopyErrors.Explain(e, $"'{source}' to '{destination}'", destination.ToString());
        }

        return count;
    }

    private static SafeFileHandle FindSource(FileTree tree, CopyPlace source)
    {
        bool directory = source.Path.EndsWith('/') || source.Path.EndsWith("/.", StringComparison.Ordinal);
        try
        {
            return tree.Find(source.Path, follow: directory, directory) ?? throw CopyErrors.NotFound(source);
        }
        catch (IOException e) when (e.HResult == Libc.NotDirectory)
        {
            throw CopyErrors.NotFound(source);
        }
    }

    /// <summary>The directory to copy into, and the item's name there; none for the content of a directory.</summary>
    private static (SafeFileHandle Directory, string Name) FindDestination(
        FileTree tree, CopyPlace destination, string name, bool isDirectory)
    {
        string path = destination.Path;
        SafeFileHandle? there = Find(tree, path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/", destination);
        if (there is not null)
        {
            if (FileTree.StatusOf(there).IsDirectory)
            {
                return (there, name);
            }

            there.Dispose();
            if (isDirectory || path.EndsWith('/'))
            {
                throw CopyErrors.NotDirectory(destination);
            }
        }
        else if (path.EndsWith('/') && !isDirectory)
        {
            throw CopyErrors.NoDirectory(destination);
        }

        string newName = NameOf(path);
        string parent = path.TrimEnd('/')[..^newName.Length];
        return newName.Length > 0 && Find(tree, parent, destination, directory: true) is { } directory
            ? (directory, newName)
            : throw CopyErrors.NoDirectory(destination);
    }

    private static SafeFileHandle? Find(FileTree tree, string path, CopyPlace asked, bool directory = false)
    {
        try
        {
            return tree.Find(path, follow: true, directory);
        }
        catch (IOException e) when (e.HResult == Libc.NotDirectory)
        {
            throw CopyErrors.NotDirectory(asked, e);
        }
    }

    // A directory that is named by where it lies, not by its name, stands for what is in it.
    private static string NameOf(string path) =>
        path.TrimEnd('/') is var trimmed && trimmed[(trimmed.LastIndexOf('/') + 1)..] is var name && name is "." or ".." ? "" : name;
}
