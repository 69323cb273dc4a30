using System.Collections;
using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Containers;

/// <summary>Makes a container, and the snapshot that is its root file system.</summary>
[Cmdlet(VerbsCommon.New, "CtrContainer", SupportsShouldProcess = true)]
[OutputType(typeof(CtrContainer))]
public sealed class NewCtrContainerCommand : SpecCmdlet
{
    /// <summary>The container's id.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The container's id: letters, digits, and between them single '.', '_' or '-'; 76 at most.")]
    [Alias("ContainerId")]
    public string Id { get; set; } = "";

    /// <summary>Labels.</summary>
    [Parameter(HelpMessage = "Labels over the image's: a hashtable, or 'key=value'.")]
    [DictionaryTransformation]
    public Dictionary<string, string> Label { get; set; } = [];

    /// <summary>The runtime.</summary>
    [Parameter(HelpMessage = "The runtime's name; io.containerd.runc.v2 when left out.")]
    [ValidateNotNullOrEmpty]
    public string Runtime { get; set; } = "io.containerd.runc.v2";

    /// <summary>Options of the runtime.</summary>
    [Parameter(HelpMessage = "Options of the runtime: a hashtable, for runc of BinaryName, Root, SystemdCgroup, NoPivotRoot …")]
    [ValidateNotNull]
    public Hashtable RuntimeOption { get; set; } = [];

    /// <summary>The snapshotter.</summary>
    [Parameter(HelpMessage = "The snapshotter; the daemon's default when left out.")]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Snapshotter { get; set; }

    /// <summary>An existing snapshot.</summary>
    [Parameter(HelpMessage = "The key of an existing writable snapshot, in place of a new one of the image.")]
    [ValidateNotNullOrEmpty]
    public string? SnapshotKey { get; set; }

    /// <summary>An edited spec.</summary>
    [Parameter(HelpMessage = "A spec from Get-CtrSpec or New-CtrSpec, in place of a generated one.")]
    [ValidateNotNull]
    public CtrSpec? Spec { get; set; }

    /// <summary>The stop signal.</summary>
    [Parameter(HelpMessage = "The signal that asks the process to end: SIGTERM, TERM or 15; the image's when left out.")]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StopSignal { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        ContainerCreateOptions options = Options();
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(() => CreateAsync(client, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CreateAsync(ContainerdClient client, ContainerCreateOptions options, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(client, Id, "Create container", cancellationToken).ConfigureAwait(false))
        {
            CtrContainer container = await client.Containers.CreateAsync(options, cancellationToken).ConfigureAwait(false);
            await WriteAsync(container, cancellationToken).ConfigureAwait(false);
        }
    }

    private ContainerCreateOptions Options()
    {
        string[] replaced = [.. SpecParameters.Where(MyInvocation.BoundParameters.ContainsKey)];
        if (Spec is not null && replaced.Length > 0)
        {
            throw new ArgumentException($"-Spec is used as it is: -{string.Join(", -", replaced)} can't change it. New-CtrSpec takes them.");
        }

        return new ContainerCreateOptions
        {
            SpecOptions = SpecOptions(Id),
            Spec = Spec,
            Image = Image,
            Labels = Label,
            Runtime = Runtime,
            RuntimeOptions = RuntimeOption.Cast<DictionaryEntry>().ToDictionary(
                option => option.Key.ToString()!,
                option => option.Value is PSObject wrapped ? wrapped.BaseObject : option.Value),
            Snapshotter = Snapshotter,
            SnapshotKey = SnapshotKey,
            StopSignal = StopSignal,
        };
    }
}
