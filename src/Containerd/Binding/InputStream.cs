using System.Management.Automation;
using System.Text;

namespace Containerd.PowerShell.Binding;

/// <summary>Opens what a person gives a process to read: text, lines, bytes, a file or a stream.</summary>
internal static class InputStream
{
    /// <summary>Opens the input; the caller closes it, also a stream that was given.</summary>
    /// <exception cref="CtrException">It is something else.</exception>
    public static Stream Open(object input) => Unwrap(input) switch
    {
        string text => Of(text),
        byte[] bytes => new MemoryStream(bytes, writable: false),
        FileInfo file => new FileStream(
            file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan),
        Stream { CanRead: true } stream => stream,
        Stream => throw new CtrException(
            CtrErrorKind.InvalidArgument,
            "InvalidStandardInput",
            "The stream cannot be read: it is closed, as it is when a first container has read it."),
        object[] items when Array.TrueForAll(items, IsByte) => new MemoryStream(Array.ConvertAll(items, Byte), writable: false),
        object[] items => Of(string.Concat(items.Select(item => LanguagePrimitives.ConvertTo<string>(item) + "\n"))),
        object other => throw new CtrException(
            CtrErrorKind.InvalidArgument,
            "InvalidStandardInput",
            $"A {other.GetType().Name} cannot be read by a process: text, lines, bytes, a file (Get-Item) or a stream are allowed."),
    };

    private static MemoryStream Of(string text) => new(Encoding.UTF8.GetBytes(text), writable: false);

    private static object Unwrap(object item) => item is PSObject wrapped ? wrapped.BaseObject : item;

    private static bool IsByte(object item) => Unwrap(item) is byte;

    private static byte Byte(object item) => (byte)Unwrap(item);
}
