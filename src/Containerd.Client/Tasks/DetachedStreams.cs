using Containerd.Client.IO;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client;

/// <summary>
/// The standard streams of a process that nobody is attached to, and what they need in the container's directory. Disposing
/// takes back what was made for a process that did not come to be; <see cref="Keep"/> leaves it to the process.
/// </summary>
internal sealed class DetachedStreams : IDisposable
{
    private const string NoOutput = "file:///dev/null";

    private readonly string _bundle;
    private readonly bool _bundleIsNew;
    private string? _newLog;
    private ProcessFifos? _fifos;
    private SafePipeHandle? _reader;
    private bool _kept;
    private bool _logKept;
    private bool _takenBack;

    private DetachedStreams(string bundle)
    {
        _bundle = bundle;
        _bundleIsNew = !Directory.Exists(bundle);
    }

    /// <summary>What the Create request names.</summary>
    public StandardIO Paths { get; private set; }

    /// <summary>Makes what the streams need; when that fails, nothing of it remains.</summary>
    /// <param name="bundle">The container's own directory.</param>
    /// <param name="kind">The kind of process, which begins the names of its FIFOs.</param>
    /// <param name="log">The file of the default log.</param>
    /// <param name="output">Where output goes.</param>
    /// <param name="terminal">Whether the process has a terminal.</param>
    public static DetachedStreams Open(string bundle, string kind, string log, DetachedOutput output, bool terminal)
    {
        var streams = new DetachedStreams(bundle);
        try
        {
            streams.Make(kind, log, output, terminal);
            return streams;
        }
        catch
        {
            streams.Dispose();
            throw;
        }
    }

    /// <summary>The process has them now.</summary>
    public void Keep() => _kept = true;

    /// <summary>The process is gone, or never was.</summary>
    public void MarkTakenBack() => _takenBack = true;

    /// <summary>The daemon went away with the answer: the process may have them, unless it was taken back.</summary>
    public void KeepUnlessTakenBack() => _kept |= !_takenBack;

    /// <summary>The log, and the directory that it lies in, are those of another task.</summary>
    public void KeepLog() => _logKept = true;

    public void Dispose()
    {
        _reader?.Dispose();
        if (_kept)
        {
            return;
        }

        _fifos?.Dispose();
        if (_logKept)
        {
            return;
        }

        if (_newLog is not null)
        {
            File.Delete(_newLog);
        }

        if (_bundleIsNew)
        {
            Bundle.RemoveEmpty(_bundle);
        }
    }

    private void Make(string kind, string log, DetachedOutput output, bool terminal)
    {
        if (terminal && output.Uri is null)
        {
            Bundle.Create(_bundle);

            // The shim writes a terminal's output to a FIFO only. It opens the end for writing when a reader has the other,
            // then keeps both open itself, so whoever attaches later reads on.
            _fifos = ProcessFifos.Create(_bundle, ProcessFifos.NewName(kind), standardInput: true, terminal);
            _reader = Fifo.Open(_fifos.StandardOutputPath, FileAccess.Read);
            Paths = StandardIO.Of(_fifos, terminal);
            return;
        }

        string uri = output.Uri ?? NewLog(log);
        if (output.StandardInput)
        {
            // A shim that has an input to copy and no output waits for ever.
            uri = uri.Length == 0 ? NoOutput : uri;
            Bundle.Create(_bundle);
            _fifos = ProcessFifos.CreateInput(_bundle, ProcessFifos.NewName(kind));
        }

        Paths = new StandardIO(_fifos?.StandardInputPath ?? "", uri, terminal ? "" : uri, terminal);
    }

    private string NewLog(string log)
    {
        Bundle.Create(_bundle);
        _newLog = File.Exists(log) ? null : log;
        return DetachedOutput.ToFile(log).Uri!;
    }
}
