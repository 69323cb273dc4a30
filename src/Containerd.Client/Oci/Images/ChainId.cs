using System.Text;

namespace Containerd.Client.Oci.Images;

/// <summary>The names of snapshots: one digest for a stack of layers.</summary>
/// <remarks>Source: OCI image specification, config.md, section Layer ChainID.</remarks>
internal static class ChainId
{
    /// <summary>The chain ids of every height of a stack, lowest layer first.</summary>
    /// <exception cref="InvalidDataException">A DiffID is not a digest.</exception>
    internal static IReadOnlyList<string> All(IReadOnlyList<string> diffIds)
    {
        var chain = new string[diffIds.Count];
        for (var i = 0; i < chain.Length; i++)
        {
            if (!ContentDigest.IsValid(diffIds[i]))
            {
                throw new InvalidDataException($"The image's configuration names the layer '{diffIds[i]}', which is not a digest.");
            }

            chain[i] = i == 0 ? diffIds[0] : ContentDigest.FromBytes(Encoding.ASCII.GetBytes($"{chain[i - 1]} {diffIds[i]}"));
        }

        return chain;
    }
}
