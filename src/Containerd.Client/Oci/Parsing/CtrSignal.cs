using System.Globalization;

namespace Containerd;

/// <summary>Linux signals by name and number, see signal(7).</summary>
public static class CtrSignal
{
    private const int FirstRealTime = 34;

    internal const int LastRealTime = 64;

    private static readonly string[] Table =
    [
        "", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>The names of signals 1 to 31, for completion.</summary>
    public static IReadOnlyList<string> Names { get; } = Table[1..];

    /// <summary>Reads a signal.</summary>
    /// <param name="text">
    /// A name with or without <c>SIG</c> in any case, a number from 1 to 64, <c>RTMIN+n</c> or <c>RTMAX-n</c>.
    /// </param>
    /// <returns>The number on Linux.</returns>
    /// <exception cref="FormatException">There is no such signal.</exception>
    public static int Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var upper = text.Trim().ToUpperInvariant();
        if (int.TryParse(upper, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number is >= 1 and <= LastRealTime ? number : throw Unknown(text);
        }

        var name = upper.StartsWith("SIG", StringComparison.Ordinal) ? upper : "SIG" + upper;
        var index = name switch
        {
            "SIGIOT" => 6,
            "SIGCLD" => 17,
            "SIGPOLL" => 29,
            "SIG" => -1,
            _ => Array.IndexOf(Table, name),
        };
        if (index > 0)
        {
            return index;
        }

        return RealTime(name["SIG".Length..]) ?? throw Unknown(text);
    }

    /// <summary>The name of a signal, such as <c>SIGTERM</c> or <c>SIGRTMIN+3</c>; the number where it has none.</summary>
    public static string NameOf(int signal) => signal switch
    {
        >= 1 and <= 31 => Table[signal],
        FirstRealTime => "SIGRTMIN",
        > FirstRealTime and <= LastRealTime => $"SIGRTMIN+{signal - FirstRealTime}",
        _ => signal.ToString(CultureInfo.InvariantCulture),
    };

    private static int? RealTime(string name)
    {
        var (start, sign) = name.Length < 5 ? (0, 0) : name[..5] switch
        {
            "RTMIN" => (FirstRealTime, '+'),
            "RTMAX" => (LastRealTime, '-'),
            _ => (0, 0),
        };
        if (start == 0 || name.Length == 5)
        {
            return start == 0 ? null : start;
        }

        return name[5] == sign
            && int.TryParse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && offset <= LastRealTime - FirstRealTime
                ? sign == '+' ? start + offset : start - offset
                : null;
    }

    private static FormatException Unknown(string text) =>
        new($"'{text}' is not a signal: a name such as SIGTERM or TERM, a number from 1 to {LastRealTime}, RTMIN+n or RTMAX-n is wanted.");
}
