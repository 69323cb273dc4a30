using System.Diagnostics;
using System.Text;
using Containerd.Client.IO;

namespace Containerd.Client.Tests.IO;

/// <summary>A directory of its own that is gone afterwards, and the shim's side of the FIFOs in it.</summary>
public abstract class IOFixture : IDisposable
{
    /// <summary>Detects a hang; nothing is measured by it.</summary>
    protected static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    protected static readonly Task NeverExits = new TaskCompletionSource().Task;

    protected string Root { get; } = Directory.CreateTempSubdirectory("ctr-io-").FullName;

    protected string FifoDirectory => Path.Combine(Root, "fifo");

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    internal ProcessIO OpenIO(bool standardInput = false, bool terminal = false, string name = "init") =>
        ProcessIO.Open(ProcessFifos.Create(FifoDirectory, name, standardInput, terminal));

    /// <summary>Opens as the shim does: for writing, blocking where there is no reader.</summary>
    protected static FileStream OpenWriter(string path) => new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    protected static FileStream OpenReader(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    protected static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    protected static string Text(MemoryStream stream) => Encoding.UTF8.GetString(stream.ToArray());

    /// <summary>This process's open descriptors of a file, or of those in <see cref="Root"/>.</summary>
    protected int OpenDescriptors(string? path = null) => new DirectoryInfo("/proc/self/fd").EnumerateFiles().Count(
        file => Target(file)?.StartsWith(path ?? Root, StringComparison.Ordinal) == true);

    protected static Process Shell(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-c", script, "sh", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    // A descriptor of another test may close between the listing and this.
    private static string? Target(FileInfo file)
    {
        try
        {
            return file.LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
