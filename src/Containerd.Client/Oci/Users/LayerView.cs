using System.Formats.Tar;
using Containerd.Client.Oci.Images;

namespace Containerd.Client.Oci.Users;

/// <summary>What lies at a path of the root file system.</summary>
internal abstract record LayerNode
{
    internal sealed record File(byte[] Content) : LayerNode;

    internal sealed record Link(string Target) : LayerNode;

    internal sealed record Directory : LayerNode;

    /// <summary>A device, or a hard link to something that was not looked at.</summary>
    internal sealed record Other : LayerNode;
}

/// <summary>
/// A few wanted paths of a stack of layers, as an overlay shows them. It sees every entry of every layer but keeps
/// only what lies at a wanted path, so that its size does not depend on the image's.
/// </summary>
internal sealed class LayerView
{
    /// <summary>The most bytes of a file that is kept.</summary>
    internal const int MaximumFile = 1 << 20;

    private const string Whiteout = ".wh.";

    private const string OpaqueWhiteout = ".wh..wh..opq";

    private readonly HashSet<string> _wanted;
    private readonly Dictionary<string, (LayerNode Node, int Layer)> _nodes = [];
    private readonly Dictionary<string, string> _links = [];

    /// <param name="wanted">Paths from the root without a leading slash; the directories above them count too.</param>
    internal LayerView(IEnumerable<string> wanted)
    {
        _wanted = [];
        foreach (var path in wanted)
        {
            for (var part = path; part.Length > 0; part = Parent(part))
            {
                _wanted.Add(part);
            }
        }
    }

    /// <summary>Whether the path was looked at.</summary>
    internal bool Covers(string path) => _wanted.Contains(path);

    /// <summary>What lies at a path; null for nothing, and for directories that no layer names.</summary>
    internal LayerNode? this[string path] => _nodes.TryGetValue(path, out var entry) ? entry.Node : null;

    /// <summary>Paths that must be looked at too, found while reading: targets of hard links.</summary>
    internal HashSet<string> AlsoWanted { get; } = [];

    /// <summary>Lays an entry of a layer over what is there.</summary>
    /// <exception cref="InvalidDataException">A whiteout names no file, or a wanted file is too large.</exception>
    internal async Task AddAsync(TarEntry entry, int layer, CancellationToken cancellationToken)
    {
        // A global header and the like are no files.
        if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
        {
            return;
        }

        var path = Place(ArchivePath.NormalizeRooted(entry.Name));
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (name.StartsWith(Whiteout, StringComparison.Ordinal))
        {
            AddWhiteout(Parent(path), name, layer);
        }
        else if (_wanted.Contains(path))
        {
            await AddNodeAsync(path, entry, layer, cancellationToken).ConfigureAwait(false);
        }
    }

    internal static string Parent(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    private void AddWhiteout(string directory, string name, int layer)
    {
        if (name == OpaqueWhiteout)
        {
            // Hides what lower layers have in the directory, not what this layer puts there.
            Remove(p => IsBelow(p, directory), olderThan: layer);
            return;
        }

        if (name.StartsWith(Whiteout + Whiteout, StringComparison.Ordinal))
        {
            return;
        }

        var hidden = name[Whiteout.Length..];
        if (hidden is "" or "." or "..")
        {
            throw new InvalidDataException($"A layer of the image is refused: its whiteout '{name}' names no file.");
        }

        var path = directory.Length == 0 ? hidden : $"{directory}/{hidden}";
        Remove(p => p == path || IsBelow(p, path), olderThan: layer + 1);
    }

    private async Task AddNodeAsync(string path, TarEntry entry, int layer, CancellationToken cancellationToken)
    {
        LayerNode node = entry.EntryType switch
        {
            TarEntryType.Directory => new LayerNode.Directory(),
            TarEntryType.SymbolicLink => new LayerNode.Link(entry.LinkName),
            TarEntryType.HardLink => HardLink(Place(ArchivePath.NormalizeRooted(entry.LinkName))),
            TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile =>
                new LayerNode.File(await ContentAsync(path, entry, cancellationToken).ConfigureAwait(false)),
            _ => new LayerNode.Other(),
        };
        if (node is not LayerNode.Directory)
        {
            Remove(p => IsBelow(p, path), olderThan: int.MaxValue);
        }

        _nodes[path] = (node, layer);
        _links.Remove(path);
        if (node is LayerNode.Link link)
        {
            _links.Add(path, link.Target);
        }
    }

    private LayerNode HardLink(string target)
    {
        if (!_wanted.Contains(target))
        {
            AlsoWanted.Add(target);
        }

        return this[target] ?? new LayerNode.Other();
    }

    private static async Task<byte[]> ContentAsync(string path, TarEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Length > MaximumFile)
        {
            throw new InvalidDataException($"The image's file '/{path}' has {entry.Length} bytes: {MaximumFile} can be read.");
        }

        var content = new byte[entry.Length];
        if (entry.DataStream is { } stream)
        {
            await stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
        }

        return content;
    }

    /// <summary>Where an entry lands when a directory above it is a symbolic link by now.</summary>
    private string Place(string path)
    {
        for (var followed = 0; followed < RootFsFiles.MaximumLinks; followed++)
        {
            if (_links.FirstOrDefault(l => IsBelow(path, l.Key)) is not { Key: { } link, Value: { } target })
            {
                return path;
            }

            path = $"{ArchivePath.ResolveRooted(link, target)}{path[link.Length..]}".TrimStart('/');
        }

        return path;
    }

    private void Remove(Func<string, bool> which, int olderThan)
    {
        foreach (var path in _nodes.Where(n => n.Value.Layer < olderThan && which(n.Key)).Select(n => n.Key).ToList())
        {
            _nodes.Remove(path);
            _links.Remove(path);
        }
    }

    private static bool IsBelow(string path, string directory) =>
        directory.Length == 0 || (path.Length > directory.Length && path[directory.Length] == '/' && path.StartsWith(directory, StringComparison.Ordinal));
}
