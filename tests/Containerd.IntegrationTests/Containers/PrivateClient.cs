using Containerd.Client;

namespace Containerd.IntegrationTests.Containers;

/// <summary>A client for the namespace of a test class, with a state directory of its own that goes with it.</summary>
internal sealed class PrivateClient : IDisposable
{
    public PrivateClient(DaemonFixture daemon)
        : this(daemon.Address, daemon.Namespace)
    {
    }

    public PrivateClient(string address, string @namespace)
    {
        StateDirectory = Directory.CreateTempSubdirectory("containerd-test-state.").FullName;
        Client = ContainerdClient.Create(
            ContainerdAddress.Parse(address), @namespace, new ContainerdClientOptions { StateDirectory = StateDirectory });
    }

    /// <summary>The image that <see cref="ImportAsync"/> gives to the namespace.</summary>
    public const string Image = "docker.io/library/busybox:latest";

    public ContainerdClient Client { get; }

    public ContainerClient Containers => Client.Containers;

    public string StateDirectory { get; }

    /// <summary>The directories of containers that are there.</summary>
    public IEnumerable<string> Bundles => Directory.Exists(StateDirectory)
        ? Directory.EnumerateDirectories(StateDirectory, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetRelativePath(StateDirectory, path).Count(c => c == Path.DirectorySeparatorChar) == 2)
            .Select(path => Path.GetFileName(path)!)
        : [];

    public Task ImportAsync(DaemonFixture daemon) =>
        Client.Images.ImportAsync(Path.Combine(daemon.ImagesDirectory, "busybox.tar"));

    public async Task<List<string>> IdsAsync()
    {
        var ids = new List<string>();
        await foreach (var container in Containers.ListAsync())
        {
            ids.Add(container.Id);
        }

        ids.Sort(StringComparer.Ordinal);
        return ids;
    }

    /// <summary>The options of a container of the image that sleeps.</summary>
    public static ContainerCreateOptions Sleeper(string id) => new()
    {
        SpecOptions = new() { Id = id, Command = ["sleep", "600"] },
        Image = Image,
    };

    public void Dispose()
    {
        Client.Dispose();
        Directory.Delete(StateDirectory, recursive: true);
    }
}
