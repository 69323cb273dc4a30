using Containerd.Client.Oci.Users;

namespace Containerd.Client;

public sealed partial class ImageClient
{
    /// <summary>The users and groups of an image, read out of its layers without a mount.</summary>
    /// <exception cref="CtrException">NotFound where a layer is not here; FailedPrecondition where one cannot be read.</exception>
    internal async Task<AccountFiles> ReadAccountFilesAsync(ResolvedImage image, CancellationToken cancellationToken)
    {
        Func<CancellationToken, Task<Stream>>[] layers = image.Layers
            .Select(layer => (Func<CancellationToken, Task<Stream>>)(reading => Task.FromResult(_content.OpenRead(layer.Digest, reading))))
            .ToArray();
        try
        {
            return await new RootFsFiles(layers).ReadAccountsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            throw Damaged(image.Name, e);
        }
    }
}
