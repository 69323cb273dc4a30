using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Containers;

/// <summary>Generates an OCI runtime spec without making a container.</summary>
[Cmdlet(VerbsCommon.New, "CtrSpec")]
[OutputType(typeof(CtrSpec), typeof(string))]
public sealed class NewCtrSpecCommand : SpecCmdlet
{
    /// <summary>The id of the container that the spec is for.</summary>
    [Parameter(HelpMessage = "The id of the container that the spec is for. Without it New-CtrContainer -Spec fills its control group in.")]
    [Alias("ContainerId")]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

    /// <summary>Whether the spec is given as JSON.</summary>
    [Parameter(HelpMessage = "Gives the spec as JSON text.")]
    public SwitchParameter AsJson { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        ContainerSpecOptions options = Id is null
            ? SpecOptions("spec") with { CgroupsPath = CgroupsPath ?? "" }
            : SpecOptions(Id);
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(() => WriteSpecAsync(client, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteSpecAsync(ContainerdClient client, ContainerSpecOptions options, CancellationToken cancellationToken)
    {
        CtrSpec spec = await client.Containers.GenerateSpecAsync(options, Image, cancellationToken).ConfigureAwait(false);
        await WriteAsync(AsJson ? spec.ToJson(indented: true) : spec, cancellationToken).ConfigureAwait(false);
    }
}
