using System.Globalization;
using Containerd.Client.Archives;

namespace Containerd.Client;

/// <summary>The files of a container as its first process sees them, mounts included.</summary>
/// <param name="Tree">The process's root directory.</param>
/// <param name="Owner">The host's numbers of the container's root.</param>
internal sealed record ContainerRoot(FileTree Tree, (uint Uid, uint Gid) Owner) : IDisposable
{
    /// <exception cref="IOException">There is no such process, or it may not be looked into.</exception>
    public static ContainerRoot Open(int pid)
    {
        string process = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}");
        (uint, uint) owner = (HostId($"{process}/uid_map"), HostId($"{process}/gid_map"));
        return new ContainerRoot(FileTree.Open($"{process}/root"), owner);
    }

    public void Dispose() => Tree.Dispose();

    // Each line: the first number inside, the first outside, how many; user_namespaces(7).
    private static uint HostId(string map)
    {
        foreach (string line in File.ReadLines(map))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[0] == "0")
            {
                return uint.Parse(fields[1], CultureInfo.InvariantCulture);
            }
        }

        throw new IOException($"'{map}' knows no root of the container.");
    }
}
