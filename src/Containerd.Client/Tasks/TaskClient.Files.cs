using Containerd.Client.IO;

namespace Containerd.Client;

public sealed partial class TaskClient
{
    /// <summary>Deletes the FIFOs and the log that a detached exec leaves; those that lie elsewhere are somebody else's.</summary>
    private void DeleteFilesOf(CtrProcess process)
    {
        string bundle = Bundle.PathFor(_stateDirectory, _services.Address, _services.Namespace, process.ContainerId);
        string?[] files = [process.StandardInput, process.StandardOutput, process.StandardError, FileOf(process.StandardOutput)];
        ProcessFifos.Delete([.. files
            .OfType<string>()
            .Where(file => Path.GetDirectoryName(file) == bundle && Path.GetFileName(file).StartsWith(DetachedExec + "-", StringComparison.Ordinal))]);
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
