using System.Security.Cryptography;
using System.Text;
using Containerd.Protocol.Containers;

namespace Containerd.Client;

/// <summary>
/// The directory in which a container's FIFOs and its log lie, on the daemon's host. Its path is kept in a label of the
/// container, under the key that moby's libcontainerd gave it.
/// </summary>
internal static class Bundle
{
    public const string Label = "com.docker/engine.bundle.path";

    private const string LogName = "output.log";

    /// <summary>The directory that a container of that id gets.</summary>
    public static string PathFor(string stateDirectory, ContainerdAddress address, string @namespace, string id) =>
        Path.Combine(DirectoryFor(stateDirectory, address, @namespace), id);

    /// <summary>Where the directories of a daemon's containers of one namespace lie.</summary>
    public static string DirectoryFor(string stateDirectory, ContainerdAddress address, string @namespace)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(address.ToString()));
        return Path.Combine(stateDirectory, Convert.ToHexString(hash, 0, 8), @namespace);
    }

    /// <summary>
    /// The directory that the container's label names; else the one that it would get. As anybody may set a label, and what is
    /// written there is written with this user's rights, it must be called as the container is, and outside of the state
    /// directory be there already.
    /// </summary>
    public static string Of(Container container, string stateDirectory, ContainerdAddress address, string @namespace)
    {
        if (container.Labels.TryGetValue(Label, out string? label) && Path.IsPathFullyQualified(label) && !label.Contains('\0'))
        {
            string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(label));
            if (Path.GetFileName(path) == container.Id && (IsBelow(path, stateDirectory) || IsDirectory(path)))
            {
                return path;
            }
        }

        return PathFor(stateDirectory, address, @namespace, container.Id);
    }

    /// <summary>The file that keeps a detached task's output.</summary>
    public static string LogOf(string bundle) => Path.Combine(bundle, LogName);

    /// <summary>The file that keeps a detached exec's output.</summary>
    public static string LogOf(string bundle, string execId) => Path.Combine(bundle, $"{TaskClient.DetachedExec}-{execId}.log");

    /// <summary>Makes the directory, for its owner alone.</summary>
    public static void Create(string bundle)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(bundle);
        }
        else
        {
            Directory.CreateDirectory(bundle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Makes it as young as one that has been made just now: for a while Repair-Ctr leaves it to whoever removes its container.</summary>
    public static void Touch(string bundle)
    {
        try
        {
            Directory.SetLastWriteTimeUtc(bundle, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is not there, or not this user's: then it is not removed from here either.
        }
    }

    /// <summary>
    /// Removes the directory, unless <c>LIBCONTAINERD_NOCLEAN=1</c>. As anybody may set a label, and ctr takes labels over
    /// from images, one that lies elsewhere than under the state directory goes only when it is empty, and one that is not
    /// called as the container is stays.
    /// </summary>
    public static void Remove(string bundle, string id, string stateDirectory)
    {
        string path = Path.GetFullPath(bundle);
        if (Environment.GetEnvironmentVariable("LIBCONTAINERD_NOCLEAN") == "1"
            || Path.GetFileName(path) != id
            || !Directory.Exists(path))
        {
            return;
        }

        if (!IsBelow(path, stateDirectory))
        {
            RemoveEmpty(path);
            return;
        }

        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody else removed the container at the same time.
        }
    }

    /// <summary>Removes a directory unless something is in it.</summary>
    public static void RemoveEmpty(string directory)
    {
        try
        {
            Directory.Delete(directory);
        }
        catch (IOException)
        {
            // It is somebody else's too, or gone.
        }
    }

    private static bool IsBelow(string path, string directory) => path.StartsWith(
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // Not a link to one.
    private static bool IsDirectory(string path)
    {
        var directory = new DirectoryInfo(path);
        return directory.Exists && directory.LinkTarget is null;
    }
}
