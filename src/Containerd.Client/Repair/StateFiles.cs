using Containerd.Client.IO;

namespace Containerd.Client;

/// <summary>The files of containers that clients keep on the daemon's host, as far as they may be left behind.</summary>
internal static class StateFiles
{
    // A client opens or removes at once what it has touched; what is younger may be on its way.
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(10);

    /// <summary>Whether nobody has worked on a file or directory for a while, and it is there still.</summary>
    public static bool IsSettled(string path)
    {
        // Of one that is gone it is the year 1601.
        DateTime written = File.GetLastWriteTimeUtc(path);
        return written.Year > 1601 && DateTime.UtcNow - written > s_settled;
    }

    /// <summary>The directories in a directory, which need not be there.</summary>
    public static string[] Directories(string directory) => Directory.Exists(directory) ? Directory.GetDirectories(directory) : [];

    /// <summary>The FIFOs in a directory that no process has open: neither a client nor a shim, which keeps both ends.</summary>
    public static IEnumerable<string> AbandonedFifos(string directory)
    {
        string[] fifos;
        try
        {
            fifos = Directory.GetFiles(directory, "*-std*");
        }
        catch (DirectoryNotFoundException)
        {
            // Its client has removed it just now.
            return [];
        }

        return fifos.Where(path => IsSettled(path) && Fifo.HasNoReader(path));
    }

    /// <summary>Removes a FIFO, and its directory where nothing else is in it and it was made for a single process.</summary>
    public static void RemoveFifo(string path)
    {
        string directory = Path.GetDirectoryName(path)!;
        try
        {
            File.Delete(path);
            if (Path.GetFileName(Path.GetDirectoryName(directory)) == "fifo" && !Directory.EnumerateFileSystemEntries(directory).Any())
            {
                Directory.Delete(directory);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Its client was quicker.
        }
    }

    /// <summary>Removes a container's directory with all that is in it.</summary>
    public static void RemoveDirectory(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It is what was wanted.
        }
    }
}
