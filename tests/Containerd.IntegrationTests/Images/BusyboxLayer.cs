using System.Formats.Tar;

namespace Containerd.IntegrationTests.Images;

/// <summary>The files of the busybox image, for images and root file systems of a test's own.</summary>
internal static class BusyboxLayer
{
    /// <summary>The layer, an uncompressed tar.</summary>
    /// <param name="imagesDirectory">The directory of busybox-docker.tar.</param>
    public static byte[] Read(string imagesDirectory)
    {
        using var archive = new TarReader(File.OpenRead(Path.Combine(imagesDirectory, "busybox-docker.tar")));
        while (archive.GetNextEntry(copyData: true) is { } entry)
        {
            if (entry.Name.EndsWith("/layer.tar", StringComparison.Ordinal))
            {
                var layer = new byte[entry.Length];
                entry.DataStream!.ReadExactly(layer);
                return layer;
            }
        }

        throw new InvalidDataException($"busybox-docker.tar in {imagesDirectory} has no layer.");
    }

    /// <summary>Makes a root file system of it.</summary>
    public static void ExtractTo(string imagesDirectory, string directory)
    {
        using var layer = new MemoryStream(Read(imagesDirectory));
        TarFile.ExtractToDirectory(layer, directory, overwriteFiles: true);
    }
}
