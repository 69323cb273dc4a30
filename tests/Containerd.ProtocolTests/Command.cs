using System.ComponentModel;
using System.Diagnostics;

namespace Containerd.ProtocolTests;

/// <summary>Runs one program to its end, with a bound on the wait.</summary>
internal static class Command
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(3);

    /// <exception cref="CommandException">It is missing, failed, or did not end.</exception>
    public static async Task<string> RunAsync(string directory, string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var deadline = new CancellationTokenSource(HangGuard);
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0
                ? await output
                : throw new CommandException($"{program} ended with {process.ExitCode}: {(await error).Trim()}");
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw new CommandException($"{program} did not end within {HangGuard}", e);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new CommandException($"{start.FileName} does not start: {e.Message}", e);
        }
    }
}

internal sealed class CommandException(string message, Exception? inner = null) : Exception(message, inner);
