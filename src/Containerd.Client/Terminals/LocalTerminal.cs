using System.Runtime.InteropServices;

namespace Containerd.Client.Terminals;

/// <summary>
/// The terminal that this process was started from. Between <see cref="MakeRaw"/> and the end each key goes to whoever reads
/// it, Ctrl+C too. Disposing gives the terminal back as it was found; so does a signal that ends this process.
/// </summary>
internal sealed class LocalTerminal : IDisposable
{
    // How long a read takes to see that it is not wanted any more: only poll(2) can wait for a terminal without reading it.
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private static readonly PosixSignal[] s_ends = [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly byte[] _found = new byte[Termios.AttributesSize];
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly object _lock = new();
    private bool _raw;

    private LocalTerminal()
    {
    }

    /// <summary>The window's size.</summary>
    public static TerminalSize Size => Termios.GetSize(Termios.StandardInput);

    /// <summary>Finds the terminal, and changes nothing.</summary>
    /// <exception cref="CtrException">FailedPrecondition where standard input or output is no terminal; Unimplemented elsewhere than on Linux.</exception>
    public static LocalTerminal Open()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CtrException(CtrErrorKind.Unimplemented, "TerminalNotSupported", "Entering a container needs a terminal of Linux.");
        }

        var terminal = new LocalTerminal();
        return Termios.IsTerminal(Termios.StandardOutput) != 0 && Termios.GetAttributes(Termios.StandardInput, terminal._found) == 0
            ? terminal
            : throw new CtrException(
                CtrErrorKind.FailedPrecondition,
                "NoTerminal",
                "Standard input or output is not a terminal, so nobody could type.",
                null,
                "Use Invoke-CtrExec in scripts.");
    }

    /// <summary>Passes keys on as they are typed, and leaves output as it comes.</summary>
    public void MakeRaw()
    {
        byte[] raw = [.. _found];
        Termios.MakeRaw(raw);
        foreach (PosixSignal signal in s_ends)
        {
            _signals.Add(PosixSignalRegistration.Create(signal, _ => Restore()));
        }

        lock (_lock)
        {
            _raw = true;
            _ = Termios.SetAttributes(Termios.StandardInput, Termios.AfterOutput, raw);
        }
    }

    /// <summary>Says when the window's size has changed.</summary>
    public static IDisposable OnResized(Action changed) => OperatingSystem.IsWindows()
        ? throw new PlatformNotSupportedException()
        : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changed());

    /// <summary>Reads what is typed; 0 when the terminal is gone.</summary>
    /// <param name="buffer">Receives it.</param>
    /// <param name="cancellationToken">Ends the wait; what is typed then is left to the next who reads.</param>
    public static Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            bool readable = false;
            while (!readable)
            {
                readable = Termios.WaitUntilReadable(Termios.StandardInput, s_poll);
                cancellationToken.ThrowIfCancellationRequested();
            }

            return Termios.Read(Termios.StandardInput, buffer.Span);
        },
        cancellationToken);

    /// <summary>Gives the terminal back as it was found.</summary>
    public void Dispose()
    {
        Restore();
        _signals.ForEach(signal => signal.Dispose());
    }

    private void Restore()
    {
        lock (_lock)
        {
            if (_raw)
            {
                _raw = false;
                _ = Termios.SetAttributes(Termios.StandardInput, Termios.AfterOutput, _found);
            }
        }
    }
}
