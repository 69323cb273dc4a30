using System.Threading.Channels;
using Containerd.Client.Terminals;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    private static readonly string[] s_shells = ["bash", "sh", "ash", "/busybox/sh"];

    /// <summary>
    /// Runs a command in a running container on the terminal of this process: each key goes to it, Ctrl+C too, and the size
    /// of the window. The terminal is given back as it was, whatever happens.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">The command; an empty one for the first shell that the container has.</param>
    /// <param name="detachKeys">The keys that leave it running; null for Ctrl+P, Ctrl+Q.</param>
    /// <param name="cancellationToken">Kills the command.</param>
    /// <returns>The process: stopped, with its exit code, and removed; or running, where the user has detached.</returns>
    /// <exception cref="CtrException">
    /// FailedPrecondition where this process has no terminal; NotFound without a task; CommandNotFound, also without a shell.
    /// </exception>
    public async Task<CtrProcess> EnterAsync(
        string id, ExecOptions options, DetachKeys? detachKeys = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using LocalTerminal terminal = LocalTerminal.Open();
        RunningProcess process = await StartShellAsync(
            id, options with { Terminal = true, StandardInput = true }, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            terminal.MakeRaw();
            return await InteractAsync(process, detachKeys ?? DetachKeys.Default, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RunningProcess> StartShellAsync(string id, ExecOptions options, CancellationToken cancellationToken)
    {
        if (options.Command.Count > 0)
        {
            return await StartExecAsync(id, options, cancellationToken).ConfigureAwait(false);
        }

        foreach (string shell in s_shells)
        {
            try
            {
                return await StartExecAsync(id, options with { Command = [shell] }, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId == "CommandNotFound")
            {
                // The next may be there.
            }
        }

        throw new CtrException(
            CtrErrorKind.NotFound,
            "ShellNotFound",
            $"Container '{id}' has no shell that is known: {string.Join(", ", s_shells)}.",
            id,
            "Name a program that the image has with -Command.");
    }

    private async Task<CtrProcess> InteractAsync(RunningProcess process, DetachKeys detachKeys, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using Stream screen = Console.OpenStandardOutput();
        using var typed = new TypedInput(detachKeys, LocalTerminal.ReadAsync);
        Task output = process.CopyOutputAsync(screen, Stream.Null, over.Token);
        Task beside = Task.WhenAll(process.CopyInputAsync(typed, over.Token), KeepSizeAsync(process, over.Token));
        bool detached = false;
        try
        {
            detached = await Task.WhenAny(output, typed.Detached).ConfigureAwait(false) == typed.Detached;
            if (!detached)
            {
                await output.ConfigureAwait(false);
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await EndAsync(output).ConfigureAwait(false);
            await EndAsync(beside).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (detached)
        {
            process.LeaveRunning();
            return await GetExecAsync(process.ContainerId, process.ExecId!, cancellationToken).ConfigureAwait(false);
        }

        CtrExitStatus status = await process.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return new CtrProcess
        {
            ContainerId = process.ContainerId,
            ExecId = process.ExecId,
            Kind = CtrProcessKind.Exec,
            Pid = process.Pid,
            Status = CtrTaskStatus.Stopped,
            Terminal = true,
            ExitCode = status.ExitCode,
            ExitedAt = status.ExitedAt,
            Address = status.Address,
            Namespace = status.Namespace,
        };
    }

    // A failure of the one ends the other too, and is what the caller hears.
    private static async Task EndAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task KeepSizeAsync(RunningProcess process, CancellationToken cancellationToken)
    {
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using IDisposable resized = LocalTerminal.OnResized(() => changes.Writer.TryWrite(true));
        changes.Writer.TryWrite(true);
        await foreach (bool _ in changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            TerminalSize size = LocalTerminal.Size;
            if (!size.IsKnown)
            {
                continue;
            }

            try
            {
                await ResizeTerminalAsync(
                    process.ContainerId, size.Columns, size.Rows, process.ExecId, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException)
            {
                // The process has ended, or the daemon is away: its output tells that, and the terminal is as good as before.
            }
        }
    }
}
