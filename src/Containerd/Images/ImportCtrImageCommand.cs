using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Images;

/// <summary>Import-CtrImage: brings the images of an archive to the daemon, ready to run.</summary>
[Cmdlet(VerbsData.Import, "CtrImage", DefaultParameterSetName = PathSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrImage))]
public sealed class ImportCtrImageCommand : TimedDaemonCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private static readonly TimeSpan s_progressInterval = TimeSpan.FromMilliseconds(200);

    private int _firstActivity = 1;

    /// <summary>The archives.</summary>
    [Parameter(
        ParameterSetName = PathSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "The archive, or several: an OCI layout (.tar, .tar.gz or a directory), or what docker save writes; wildcards are allowed.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <summary>The archives, their paths taken as they stand.</summary>
    [Parameter(
        ParameterSetName = LiteralPathSet,
        Mandatory = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The archive, or several; nothing in the path is taken as a wildcard.")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[]? LiteralPath { get; set; }

    /// <summary>The name of the image.</summary>
    [Parameter(HelpMessage = "The name that the image gets, such as myapp:1.2, in place of the archive's own.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The platform to take.</summary>
    [Parameter(HelpMessage = "The platform to take and to unpack, such as linux/arm64; this machine's when left out.")]
    [ValidateNotNull]
    public CtrPlatform? Platform { get; set; }

    /// <summary>Whether all platforms are kept.</summary>
    [Parameter(HelpMessage = "Keeps every platform of the archive; one is unpacked.")]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Whether the layers stay packed.</summary>
    [Parameter(HelpMessage = "Stores the image without unpacking its layers; that is done when a container is made of it.")]
    public SwitchParameter NoUnpack { get; set; }

    /// <summary>The snapshotter.</summary>
    [Parameter(HelpMessage = "The snapshotter to unpack into, such as overlayfs or native; the daemon's default when left out.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (string path in await ResolvePathsAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (ContainerdClient client in Clients)
            {
                if (await ShouldProcessAsync(client, path, "Import image", cancellationToken).ConfigureAwait(false))
                {
                    await TryAsync(() => ImportAsync(client, path, cancellationToken), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task ImportAsync(ContainerdClient client, string path, CancellationToken cancellationToken)
    {
        var progress = new ImageProgressRecords($"Importing {System.IO.Path.GetFileName(path)}", _firstActivity);
        var options = new ImageImportOptions
        {
            Name = Name,
            Platform = Platform,
            AllPlatforms = AllPlatforms,
            Unpack = !NoUnpack,
            Snapshotter = Snapshotter,
        };
        Task<IReadOnlyList<CtrImage>> import = client.Images.ImportAsync(path, options, progress, cancellationToken);
        try
        {
            while (!import.IsCompleted)
            {
                await Task.WhenAny(import, Task.Delay(s_progressInterval, cancellationToken)).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                await WriteProgressAsync(progress.Take(), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await ((Task)import).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _firstActivity = progress.NextActivity;
            if (!cancellationToken.IsCancellationRequested)
            {
                await WriteProgressAsync(progress.Complete(), cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (CtrImage image in await import.ConfigureAwait(false))
        {
            await WriteAsync(image, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteProgressAsync(IReadOnlyList<ProgressRecord> records, CancellationToken cancellationToken)
    {
        foreach (ProgressRecord record in records)
        {
            await WriteProgressAsync(record, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<string>> ResolvePathsAsync(CancellationToken cancellationToken)
    {
        var paths = new List<string>();
        await OnPipelineAsync(
            () =>
            {
                foreach (string path in Path ?? LiteralPath!)
                {
                    Resolve(path, paths);
                }
            },
            cancellationToken).ConfigureAwait(false);
        return paths;
    }

    private void Resolve(string path, List<string> paths)
    {
        try
        {
            ProviderInfo provider;
            IEnumerable<string> resolved = ParameterSetName == LiteralPathSet
                ? [SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _)]
                : GetResolvedProviderPathFromPSPath(path, out provider);
            foreach (string file in resolved)
            {
                if (provider.Name != "FileSystem" || !System.IO.Path.Exists(file))
                {
                    throw new ItemNotFoundException($"'{path}' is no file or directory.");
                }

                paths.Add(file);
            }
        }
        catch (Exception e) when (e is SessionStateException or PSNotSupportedException)
        {
            WriteError(ErrorRecords.NotFound(e, "ImageArchiveNotFound", path));
        }
    }
}
