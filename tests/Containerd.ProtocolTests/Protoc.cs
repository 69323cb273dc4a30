using System.Reflection;
using Google.Protobuf.Reflection;

namespace Containerd.ProtocolTests;

/// <summary>The protoc that compiled the client's own .proto files.</summary>
internal static class Protoc
{
    public static async Task<FileDescriptorSet> CompileAsync(
        string directory, IEnumerable<string> importPaths, IEnumerable<string> files)
    {
        const string Output = "descriptors.pb";
        await Command.RunAsync(
            directory,
            Metadata("Protoc"),
            [
                .. importPaths.Prepend(Metadata("ProtocIncludes")).Select(path => $"--proto_path={path}"),
                "--include_imports",
                $"--descriptor_set_out={Output}",
                .. files,
            ]);
        return FileDescriptorSet.Parser.ParseFrom(await File.ReadAllBytesAsync(Path.Combine(directory, Output)));
    }

    private static string Metadata(string key) =>
        typeof(Protoc).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
