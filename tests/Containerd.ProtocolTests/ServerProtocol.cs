using Google.Protobuf.Reflection;

namespace Containerd.ProtocolTests;

/// <summary>
/// The protocol as containerd 1.6 itself defines it: Debian's packages of its source, unpacked into a temporary
/// folder and never installed.
/// </summary>
public sealed class ServerProtocol : IAsyncLifetime
{
    private const string Containerd = "golang-github-containerd-containerd-dev";

    private static readonly string[] Packages =
    [
        Containerd,
        "golang-github-containerd-cgroups-dev",
        "golang-github-gogo-protobuf-dev",
        "golang-github-gogo-googleapis-dev",
    ];

    private static readonly string[] ClientFolders =
    [
        "github.com/containerd/containerd/api/events",
        "github.com/containerd/containerd/api/services",
        "github.com/containerd/containerd/api/types",
        "github.com/containerd/containerd/runtime/linux/runctypes",
        "github.com/containerd/containerd/runtime/v2/runc/options",
        "github.com/containerd/cgroups/stats/v1",
        "github.com/containerd/cgroups/v2/stats",
    ];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("containerd-protocol-");

    /// <summary>Why the packages can't be had here; null when they are.</summary>
    public string? Unavailable { get; private set; }

    /// <summary>The server's files, with all that they import.</summary>
    internal IReadOnlyList<FileDescriptorProto> Files { get; private set; } = [];

    public async Task InitializeAsync()
    {
        try
        {
            await UnpackAsync();
        }
        catch (CommandException e)
        {
            Unavailable = e.Message;
            return;
        }
        Files = await CompileAsync();
    }

    public Task DisposeAsync()
    {
        directory.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private async Task UnpackAsync()
    {
        await Command.RunAsync(directory.FullName, "apt-get", ["download", .. Packages]);
        foreach (var package in directory.GetFiles("*.deb"))
        {
            if (package.Name.StartsWith(Containerd, StringComparison.Ordinal))
            {
                await RequireVersionAsync(package);
            }
            await Command.RunAsync(directory.FullName, "dpkg-deb", "--extract", package.FullName, ".");
        }
    }

    private async Task RequireVersionAsync(FileInfo package)
    {
        var version = await Command.RunAsync(directory.FullName, "dpkg-deb", "--field", package.FullName, "Version");
        if (!version.StartsWith("1.6.", StringComparison.Ordinal))
        {
            throw new CommandException($"apt offers containerd {version.Trim()}, and 1.6 is the one to compare with");
        }
    }

    private async Task<IReadOnlyList<FileDescriptorProto>> CompileAsync()
    {
        var sources = Path.Combine(directory.FullName, "usr/share/gocode/src");
        var files = ClientFolders
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(sources, folder), "*.proto", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(sources, file))
            .Where(file => !file.Contains("/ttrpc/", StringComparison.Ordinal)); // a shim's service, not a client's
        var compiled = await Protoc.CompileAsync(
            directory.FullName,
            [
                sources,
                Path.Combine(sources, "github.com/gogo/protobuf"),
                Path.Combine(sources, "github.com/gogo/googleapis"),
            ],
            files);
        return compiled.File;
    }
}
