using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Containerd.Client.Tests.Oci;

/// <summary>Makes tars for tests, entry by entry.</summary>
internal sealed class TarBuilder
{
    private readonly List<TarEntry> _entries = [];

    internal TarBuilder File(string name, byte[] content)
    {
        _entries.Add(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        return this;
    }

    internal TarBuilder File(string name, string content) => File(name, Encoding.UTF8.GetBytes(content));

    internal TarBuilder Directory(string name) => Add(TarEntryType.Directory, name, null);

    internal TarBuilder Symlink(string name, string target) => Add(TarEntryType.SymbolicLink, name, target);

    internal TarBuilder Hardlink(string name, string target) => Add(TarEntryType.HardLink, name, target);

    internal TarBuilder Device(string name) => Add(TarEntryType.CharacterDevice, name, null);

    internal TarBuilder Fifo(string name) => Add(TarEntryType.Fifo, name, null);

    internal byte[] ToArray()
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            _entries.ForEach(writer.WriteEntry);
        }

        return stream.ToArray();
    }

    internal static byte[] Gzip(byte[] content)
    {
        var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return result.ToArray();
    }

    private TarBuilder Add(TarEntryType type, string name, string? target)
    {
        var entry = new PaxTarEntry(type, name);
        if (target is not null)
        {
            entry.LinkName = target;
        }

        _entries.Add(entry);
        return this;
    }
}
