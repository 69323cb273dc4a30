using System.Management.Automation;
using Containerd.Client.Oci;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Tasks;

/// <summary>Copy-CtrItem: copies files and directories into containers and out of them.</summary>
[Cmdlet(VerbsCommon.Copy, "CtrItem", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrCopy))]
public sealed class CopyCtrItemCommand : TimedDaemonCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>What to copy.</summary>
    [Parameter(
        ParameterSetName = PathSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "What to copy, or several: paths of this host, with wildcards, or of a container as id:/path.")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CopyPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <summary>What to copy, the paths taken as they stand.</summary>
    [Parameter(
        ParameterSetName = LiteralPathSet,
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "What to copy, or several; nothing in the path is taken as a wildcard.")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[]? LiteralPath { get; set; }

    /// <summary>Where to copy it.</summary>
    [Parameter(
        Position = 1,
        Mandatory = true,
        HelpMessage = "Where to: a directory, or a new name, in a container as id:/path or on this host. One of the two sides is a container.")]
    [ArgumentCompleter(typeof(CopyPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>Tells what was copied.</summary>
    [Parameter(HelpMessage = "Writes what was copied to the pipeline.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        ContainerPath? to = ContainerPath.TryParse(Destination);
        foreach (string path in Path ?? LiteralPath!)
        {
            ContainerPath? from = ContainerPath.TryParse(path);
            if ((from is null) == (to is null))
            {
                await WriteErrorAsync(SidesInvalid(path), cancellationToken).ConfigureAwait(false);
            }
            else if (from is not null)
            {
                string target = await OnThisHostAsync(cancellationToken).ConfigureAwait(false);
                await CopyAsync(
                    from.ToString(),
                    target,
                    client => client.Tasks.CopyFromAsync(from.ContainerId, from.Path, target, cancellationToken),
                    cancellationToken).ConfigureAwait(false);
            }
            else
            {
                foreach (string source in await ResolveAsync(path, cancellationToken).ConfigureAwait(false))
                {
                    await CopyAsync(
                        source,
                        to!.ToString(),
                        client => client.Tasks.CopyToAsync(to.ContainerId, source, to.Path, cancellationToken),
                        cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task CopyAsync(
        string source, string target, Func<ContainerdClient, Task<CtrCopy>> copy, CancellationToken cancellationToken)
    {
        foreach (ContainerdClient client in Clients)
        {
            if (await ShouldProcessAsync(client, source, $"Copy to '{target}'", cancellationToken).ConfigureAwait(false))
            {
                await TryAsync(() => CopyAsync(copy(client), cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task CopyAsync(Task<CtrCopy> copy, CancellationToken cancellationToken)
    {
        CtrCopy done = await copy.ConfigureAwait(false);
        if (done.Skipped > 0)
        {
            await WriteWarningAsync(
                $"{done.Skipped} of what is in '{done.Source}' was left out: it is no file, directory or link, or it went meanwhile.",
                cancellationToken).ConfigureAwait(false);
        }

        if (PassThru)
        {
            await WriteAsync(done, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> OnThisHostAsync(CancellationToken cancellationToken)
    {
        string path = Destination;
        await OnPipelineAsync(() => path = Unresolved(Destination), cancellationToken).ConfigureAwait(false);
        return path;
    }

    // What stands at the end of a path means something, and PowerShell takes it away.
    private string Unresolved(string path) => WithEnd(SessionState.Path.GetUnresolvedProviderPathFromPSPath(path), path);

    private static string WithEnd(string resolved, string path) =>
        path == "." || path.EndsWith("/.", StringComparison.Ordinal) ? resolved.TrimEnd('/') + "/."
        : path.EndsWith('/') && !resolved.EndsWith('/') ? resolved + "/"
        : resolved;

    private async Task<IReadOnlyList<string>> ResolveAsync(string path, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> paths = [];
        await OnPipelineAsync(() => paths = Resolve(path), cancellationToken).ConfigureAwait(false);
        return paths;
    }

    private IReadOnlyList<string> Resolve(string path)
    {
        try
        {
            if (ParameterSetName == LiteralPathSet)
            {
                return [Unresolved(path)];
            }

            IReadOnlyList<string> found = GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            return provider.Name == "FileSystem" ? [.. found.Select(file => WithEnd(file, path))]
                : throw new ItemNotFoundException($"'{path}' is no file or directory.");
        }
        catch (Exception e) when (e is SessionStateException or PSNotSupportedException)
        {
            WriteError(ErrorRecords.NotFound(e, "PathNotFound", path));
            return [];
        }
    }

    private CtrException SidesInvalid(string path) => new(
        CtrErrorKind.InvalidArgument,
        "CopySidesInvalid",
        $"One of the two paths must be in a container, written id:/path, and the other on this host: '{path}' and '{Destination}' are not so.",
        path);
}
