using System.Text;
using System.Text.RegularExpressions;
using Containerd.Client.Grpc;

namespace Containerd.Client;

/// <summary>
/// Tells failures of CRIU from others. runc says little more than that it failed; why is in CRIU's log, which is read
/// where it lies on this machine.
/// </summary>
internal static partial class CriuErrors
{
    public const string Checkpoint = "checkpoint";
    public const string Restore = "restore";

    private const int LastLines = 10;
    private const int Tail = 64 * 1024;

    private const string MoreInLog = "CRIU's log on the daemon's host tells more.";
    private const string WithFiles = "Save-CtrCheckpoint -IncludeRwLayer saves the container's files with the memory: restore both.";
    private const string TakeAgain = "Take the checkpoint again, and restore it whole, with the CRIU that took it.";

    // What CRIU logs, what it comes from, and what can be done; the most telling first.
    private static readonly (string Text, string Cause, string Action)[] s_causes =
    [
        ("consider using --tcp-established", "The task has open TCP connections, which containerd does not restore.", "Have the task close them, and try again."),
        ("External socket is used", "The task has a unix socket whose other end is outside of the container.", "Have the task close it, and try again."),
        ("nf_tables", "CRIU cannot lock the container's network: iptables or nf_tables is missing on the daemon's host.", "Install iptables or nftables there."),
        ("iptables-restore", "CRIU cannot lock the container's network: iptables-restore is missing on the daemon's host, or fails.", "Install iptables there."),
        ("sockets: Can't get", "The task has sockets that this kernel does not let CRIU save.", MoreInLog),
        ("has bad size", "A file that the process had open has changed since.", WithFiles),
        ("has bad mode", "A file that the process had open has changed since.", WithFiles),
        ("Can't open file", "A file that the process had open is not in this root file system.", WithFiles),
        ("files-reg", "A file that the process had open is missing or has changed.", WithFiles),
        ("mnt: ", "A mount of the container cannot be saved or made again.", "What is mounted must be there on this host too."),
        ("Magic doesn't match", "The checkpoint's files are damaged, or of another version of CRIU.", TakeAgain),
        ("Can't read image", "The checkpoint's files are damaged, or not all there.", TakeAgain),
        ("No such file or directory", "A file is missing: from the checkpoint, or one that the process had open.", WithFiles),
        ("tty: ", "The task has a terminal that is not its container's own.", "Have the task close it, and try again."),
        ("EOF", "CRIU ended without a word: the checkpoint's files are damaged, or not all there.", TakeAgain),
        ("inventory", "The checkpoint's files are damaged, or of another version of CRIU.", TakeAgain),
        ("Operation not permitted", "CRIU may not do on this host what it needs: it must be root, and the kernel must allow it.", "Run 'criu check' on the daemon's host."),
    ];

    /// <summary>The error with CRIU's own words, where it is CRIU's; else the same error.</summary>
    public static async Task<CtrException> ExplainAsync(CtrException error, string operation, string containerId)
    {
        string detail = error.InnerException is RpcException call ? call.Status.Detail : error.Message;
        if (detail.Contains("unsupported checkpoint type", StringComparison.Ordinal))
        {
            return new CtrException(
                CtrErrorKind.InvalidArgument,
                "CheckpointTypeUnsupported",
                $"The task of container '{containerId}' cannot be restored from that content: {detail}",
                containerId,
                $"Its media type must be {CheckpointMediaTypes.Memory}.",
                error);
        }

        if (!detail.Contains("criu", StringComparison.OrdinalIgnoreCase) && !detail.Contains("runtime restore failed", StringComparison.Ordinal))
        {
            return error;
        }

        if (MissingProgram().IsMatch(detail))
        {
            return new CtrException(
                CtrErrorKind.FailedPrecondition,
                "CriuNotFound",
                $"The {operation} of container '{containerId}' needs CRIU, which the daemon's runtime does not find: {detail}",
                containerId,
                "Install criu on the daemon's host, on the PATH of containerd.",
                error);
        }

        IReadOnlyList<string> log = LogPath().Match(detail) is { Success: true } path
            ? await ReadLastLinesAsync(path.Value).ConfigureAwait(false)
            : [];
        (string Cause, string Action)? known = Find(log) ?? Find([detail]);
        string consequence = operation == Checkpoint ? ", and its task was not ended" : "";
        var message = new StringBuilder($"The {operation} of container '{containerId}' failed{consequence}: {detail}");
        if (known is { } likely)
        {
            message.Append('\n').Append("Likely cause: ").Append(likely.Cause);
        }

        foreach (string line in log)
        {
            message.Append('\n').Append("  ").Append(line);
        }

        return new CtrException(
            CtrErrorKind.FailedPrecondition,
            operation == Checkpoint ? "CheckpointFailed" : "RestoreFailed",
            message.ToString(),
            containerId,
            known?.Action ?? MoreInLog,
            error);
    }

    private static (string Cause, string Action)? Find(IReadOnlyList<string> lines)
    {
        foreach ((string text, string cause, string action) in s_causes)
        {
            if (lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
            {
                return (cause, action);
            }
        }

        return null;
    }

    /// <summary>The errors of a log and its last lines; none where it cannot be read from here.</summary>
    private static async Task<IReadOnlyList<string>> ReadLastLinesAsync(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 4096, useAsync: true);
            await using (file.ConfigureAwait(false))
            {
                file.Seek(-Math.Min(file.Length, Tail), SeekOrigin.End);
                using var reader = new StreamReader(file);
                string[] lines = (await reader.ReadToEndAsync().ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                // What failed is often far above the end.
                return lines
                    .Where((line, i) => i >= lines.Length - LastLines / 2 || line.Contains("Error (", StringComparison.Ordinal))
                    .TakeLast(LastLines)
                    .ToArray();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [GeneratedRegex("""criu[^:]*: (executable file not found|no such file or directory)|criu binary""", RegexOptions.IgnoreCase)]
    private static partial Regex MissingProgram();

    [GeneratedRegex("""/[^\s:"]+\.log\b""")]
    private static partial Regex LogPath();
}
