using Containerd.Client.IO;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Deletes the FIFOs and the log that an exec leaves which nobody is attached to; those that lie elsewhere are somebody else's.</summary>
    private void DeleteFilesOf(CtrProcess process)
    {
        string bundle = Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, process.ContainerId);
        string?[] files = [process.StandardInput, process.StandardOutput, process.StandardError, FileOf(process.StandardOutput)];
        ProcessFifos.Delete([.. files.OfType<string>().Where(file => IsOurs(file, bundle))]);

        // Made for it alone, where the container has no directory of ours.
        if (Path.GetDirectoryName(process.StandardOutput) is { } own && Path.GetDirectoryName(own) == FifoDirectory(_stateDirectory))
        {
            Bundle.RemoveEmpty(own);
        }
    }

    // A shell that was left with the detach keys had its FIFOs made as one that somebody is attached to.
    private bool IsOurs(string file, string bundle)
    {
        string? directory = Path.GetDirectoryName(file);
        string name = Path.GetFileName(file);
        return (directory == bundle || Path.GetDirectoryName(directory) == FifoDirectory(_stateDirectory))
            && (name.StartsWith(DetachedExec + "-", StringComparison.Ordinal) || name.StartsWith(ExecProcess + "-", StringComparison.Ordinal));
    }

    private async Task<CtrProcess?> FindExecAsync(string id, string execId, CancellationToken cancellationToken)
    {
        try
        {
            return await GetExecAsync(id, execId, cancellationToken).ConfigureAwait(false);
        }
        catch (CtrException e) when (e.Kind == CtrErrorKind.NotFound)
        {
            return null;
        }
    }
}
