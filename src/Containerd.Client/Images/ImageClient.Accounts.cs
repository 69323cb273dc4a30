using System.Collections.Concurrent;
using Containerd.Client.Oci.Users;

namespace Containerd.Client;

public sealed partial class ImageClient
{
    private const int MaximumAccounts = 64;

    // Each exec with a user asks, and a look-up reads all layers. A manifest names their content, on whatever daemon.
    private static readonly ConcurrentDictionary<string, AccountFiles> s_accounts = new();

    /// <summary>The users and groups of an image, read out of its layers without a mount.</summary>
    /// <exception cref="CtrException">NotFound where a layer is not here; FailedPrecondition where one cannot be read.</exception>
    internal async Task<AccountFiles> ReadAccountFilesAsync(ResolvedImage image, CancellationToken cancellationToken)
    {
        if (s_accounts.TryGetValue(image.Manifest.Digest, out AccountFiles? known))
        {
            return known;
        }

        Func<CancellationToken, Task<Stream>>[] layers = image.Layers
            .Select(layer => (Func<CancellationToken, Task<Stream>>)(reading => Task.FromResult(_content.OpenRead(layer.Digest, reading))))
            .ToArray();
        try
        {
            AccountFiles accounts = await new RootFsFiles(layers).ReadAccountsAsync(cancellationToken).ConfigureAwait(false);
            if (s_accounts.Count >= MaximumAccounts)
            {
                s_accounts.Clear();
            }

            s_accounts[image.Manifest.Digest] = accounts;
            return accounts;
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            throw Damaged(image.Name, e);
        }
    }
}
