using System.Security.Cryptography;
using Containerd.Client.Oci;

namespace Containerd.Client.IO;

/// <summary>
/// The FIFOs of one process, whose paths go into the Create and Exec requests. The shim opens the other ends.
/// Disposing deletes them, and the directory where this made it and nothing else is in it.
/// </summary>
internal sealed class ProcessFifos : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private string? _ownDirectory;
    private readonly List<string> _ownFiles = [];

    private ProcessFifos(string? ownDirectory) => _ownDirectory = ownDirectory;

    /// <summary>Whether the process has a terminal.</summary>
    public bool Terminal { get; private init; }

    /// <summary>The path of standard input's FIFO; empty where there is none.</summary>
    public string StandardInputPath { get; private set; } = "";

    /// <summary>The path of standard output's FIFO; empty where there is none.</summary>
    public string StandardOutputPath { get; private set; } = "";

    /// <summary>The path of standard error's FIFO; empty where there is none, as with a terminal.</summary>
    public string StandardErrorPath { get; private set; } = "";

    /// <summary>
    /// A name that no other process has: an id that two callers give at once, or that is taken, would have the one replace
    /// and remove the other's FIFOs before the shim has opened them.
    /// </summary>
    public static string NewName(string kind) => $"{kind}-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}";

    /// <summary>
    /// Makes the FIFOs <c>{directory}/{processName}-stdin</c>, <c>-stdout</c> and <c>-stderr</c>, and the directory
    /// (mode 0700) where it is missing. When one fails, none remains.
    /// </summary>
    /// <param name="directory">An absolute path that the daemon sees too.</param>
    /// <param name="processName">An identifier: letters, digits, and single '.', '_' or '-' between them.</param>
    /// <param name="standardInput">Whether the process gets a standard input.</param>
    /// <param name="terminal">Whether it has a terminal, which joins both outputs in one.</param>
    /// <exception cref="ArgumentException">The name is no identifier or the directory no absolute path.</exception>
    /// <exception cref="IOException">A FIFO cannot be made, or something else than a FIFO has its name.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static ProcessFifos Create(string directory, string processName, bool standardInput, bool terminal)
    {
        ProcessFifos fifos = In(directory, processName, terminal);
        try
        {
            fifos.StandardInputPath = standardInput ? fifos.Make(directory, processName, "stdin") : "";
            fifos.StandardOutputPath = fifos.Make(directory, processName, "stdout");
            fifos.StandardErrorPath = terminal ? "" : fifos.Make(directory, processName, "stderr");
            return fifos;
        }
        catch
        {
            fifos.Dispose();
            throw;
        }
    }

    /// <summary>Makes a standard input alone, for a process whose outputs go elsewhere; else as <see cref="Create"/>.</summary>
    /// <param name="directory">An absolute path that the daemon sees too.</param>
    /// <param name="processName">An identifier.</param>
    public static ProcessFifos CreateInput(string directory, string processName)
    {
        ProcessFifos fifos = In(directory, processName, terminal: false);
        try
        {
            fifos.StandardInputPath = fifos.Make(directory, processName, "stdin");
            return fifos;
        }
        catch
        {
            fifos.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Names the FIFOs that a running process already has, as the daemon reports them. They stay when this is disposed.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public static ProcessFifos Existing(
        string standardInputPath, string standardOutputPath, string standardErrorPath, bool terminal = false)
    {
        RequireLinux();
        return new ProcessFifos(ownDirectory: null)
        {
            Terminal = terminal,
            StandardInputPath = standardInputPath,
            StandardOutputPath = standardOutputPath,
            StandardErrorPath = standardErrorPath,
        };
    }

    /// <summary>The FIFOs of one kind of process that are in a directory, see <see cref="NewName"/>.</summary>
    public static string[] Find(string directory, string kind) =>
        Directory.Exists(directory) ? Directory.GetFiles(directory, $"{kind}-*") : [];

    /// <summary>Deletes FIFOs; those that are gone already are no error.</summary>
    public static void Delete(string[] paths) => Array.ForEach(paths, path => Forget(path, File.Delete));

    /// <summary>Leaves the FIFOs to the process, for whose removal they are.</summary>
    public void Keep()
    {
        _ownFiles.Clear();
        _ownDirectory = null;
    }

    /// <summary>Deletes what <see cref="Create"/> made.</summary>
    public void Dispose()
    {
        foreach (var path in _ownFiles)
        {
            Forget(path, File.Delete);
        }

        _ownFiles.Clear();
        if (_ownDirectory is not null && Directory.Exists(_ownDirectory))
        {
            Forget(_ownDirectory, Directory.Delete);
        }
    }

    // Clean-up never hides the error that led to it; a directory that another process still uses stays.
    private static void Forget(string path, Action<string> delete)
    {
        try
        {
            delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static ProcessFifos In(string directory, string processName, bool terminal)
    {
        RequireLinux();
        if (!Path.IsPathFullyQualified(directory))
        {
            throw new ArgumentException($"The FIFO directory '{directory}' is not an absolute path.", nameof(directory));
        }

        if (!Identifier.IsValid(processName))
        {
            throw new ArgumentException($"'{processName}' is not an identifier that can name a FIFO.", nameof(processName));
        }

        var isNew = !Directory.Exists(directory);
        if (isNew)
        {
            MakeDirectory(directory);
        }

        return new ProcessFifos(isNew ? directory : null) { Terminal = terminal };
    }

    private static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException(
                "Process input and output over FIFOs need Linux; the named pipes of Windows are not supported yet.");
        }
    }

    private static void MakeDirectory(string directory)
    {
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory, OwnerOnly);
        }
    }

    private string Make(string directory, string processName, string stream)
    {
        var path = Path.Combine(directory, $"{processName}-{stream}");
        Fifo.Create(path);
        _ownFiles.Add(path);
        return path;
    }
}
