using System.Management.Automation;

namespace Containerd.PowerShell.Containers;

/// <summary>Gives the OCI runtime specs of containers.</summary>
[Cmdlet(VerbsCommon.Get, "CtrSpec", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(CtrSpec), typeof(string))]
public sealed class GetCtrSpecCommand : ContainerTargetCmdlet
{
    /// <summary>Whether the spec is given as JSON.</summary>
    [Parameter(HelpMessage = "Gives the spec as JSON text.")]
    public SwitchParameter AsJson { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        CtrSpec spec = await target.Client.Containers.GetSpecAsync(target.Id, cancellationToken).ConfigureAwait(false);
        await WriteAsync(AsJson ? spec.ToJson(indented: true) : spec, cancellationToken).ConfigureAwait(false);
    }
}
