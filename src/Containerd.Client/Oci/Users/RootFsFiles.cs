using System.Formats.Tar;
using Containerd.Client.Oci.Images;

namespace Containerd.Client.Oci.Users;

/// <summary>
/// Reads files out of an image's layers as an overlay of them would show, without root and without a mount:
/// later layers win, whiteouts hide, symbolic and hard links lead on.
/// </summary>
/// <param name="layers">Opens the layers, oldest first: tar, plain or gzip. One may be opened several times.</param>
internal sealed class RootFsFiles(IReadOnlyList<Func<CancellationToken, Task<Stream>>> layers)
{
    /// <summary>The most links that are followed, as in Linux.</summary>
    internal const int MaximumLinks = 40;

    // A pass is needed again for each link that leads to where nobody looked; images have none or one.
    private const int MaximumPasses = 8;

    /// <summary>Reads /etc/passwd and /etc/group.</summary>
    /// <exception cref="InvalidDataException">A layer is damaged or hostile, or a file is too large.</exception>
    /// <exception cref="NotSupportedException">A layer is compressed with zstd.</exception>
    internal async Task<AccountFiles> ReadAccountsAsync(CancellationToken cancellationToken)
    {
        var contents = await ReadAsync(["etc/passwd", "etc/group"], cancellationToken).ConfigureAwait(false);
        return new(
            contents[0] is { } passwd ? PasswdFile.Parse(passwd) : null,
            contents[1] is { } group ? GroupFile.Parse(group) : null);
    }

    /// <summary>Reads files of at most 1 MiB each.</summary>
    /// <param name="paths">Paths from the root, without a leading slash.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The content of each, null for what does not exist or is no file.</returns>
    internal async Task<byte[]?[]> ReadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<string>(paths);
        for (var pass = 0; pass < MaximumPasses; pass++)
        {
            var view = await ViewAsync(wanted, cancellationToken).ConfigureAwait(false);
            var contents = paths.Select(p => Find(view, p)).ToArray();
            if (view.AlsoWanted.Count == 0)
            {
                return contents;
            }

            wanted.UnionWith(view.AlsoWanted);
        }

        throw new InvalidDataException($"The image's links to '/{paths[0]}' lead too far.");
    }

    private async Task<LayerView> ViewAsync(IEnumerable<string> wanted, CancellationToken cancellationToken)
    {
        var view = new LayerView(wanted);
        for (var layer = 0; layer < layers.Count; layer++)
        {
            var stream = await layers[layer](cancellationToken).ConfigureAwait(false);
            await using var owned = stream.ConfigureAwait(false);
            try
            {
                var content = await Compression.DecompressAsync(stream, cancellationToken).ConfigureAwait(false);
                var tar = new TarReader(content, leaveOpen: true);
                await using var ownedTar = tar.ConfigureAwait(false);
                while (await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
                {
                    await view.AddAsync(entry, layer, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is EndOfStreamException or FormatException or OverflowException or ArgumentException or InvalidOperationException)
            {
                throw new InvalidDataException($"Layer {layer + 1} of the image is not a whole tar: {e.Message}", e);
            }
        }

        return view;
    }

    /// <summary>Walks to a path; where a link leads to a place that was not looked at, that is noted for another pass.</summary>
    private static byte[]? Find(LayerView view, string path)
    {
        var rest = new Stack<string>(path.Split('/').AsEnumerable().Reverse());
        var here = "";
        for (var followed = 0; rest.Count > 0;)
        {
            var next = here.Length == 0 ? rest.Pop() : $"{here}/{rest.Pop()}";
            if (!view.Covers(next))
            {
                view.AlsoWanted.Add(string.Join('/', [next, .. rest]));
                return null;
            }

            switch (view[next])
            {
                case LayerNode.Link link:
                    if (++followed > MaximumLinks)
                    {
                        return null;
                    }

                    foreach (var part in ArchivePath.ResolveRooted(next, link.Target).Split('/', StringSplitOptions.RemoveEmptyEntries).AsEnumerable().Reverse())
                    {
                        rest.Push(part);
                    }

                    here = "";
                    break;
                case LayerNode.File file:
                    return rest.Count == 0 ? file.Content : null;
                case LayerNode.Other:
                    return null;
                default:
                    here = next;
                    break;
            }
        }

        return null;
    }
}
