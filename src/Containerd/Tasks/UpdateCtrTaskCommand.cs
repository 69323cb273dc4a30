using System.Management.Automation;
using Containerd.Client.Oci;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Containers;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Tasks;

/// <summary>Update-CtrTask: changes the limits of tasks while they run.</summary>
[Cmdlet(VerbsData.Update, "CtrTask", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrTask))]
public sealed class UpdateCtrTaskCommand : ContainerTargetCmdlet
{
    private CtrSpecResources _resources = new();

    /// <summary>The memory limit in bytes.</summary>
    [Parameter(HelpMessage = "The memory limit: bytes, or a size such as 64MB; -1 for none.")]
    [ByteSizeTransformation(Unlimited = true)]
    [ValidateRange(-1, long.MaxValue)]
    public long? Memory { get; set; }

    /// <summary>Processors' worth of time.</summary>
    [Parameter(HelpMessage = "Processors' worth of time, such as 1.5; 0.01 at least.")]
    [ValidateRange(0.01, 1_000_000)]
    public double? Cpus { get; set; }

    /// <summary>The weight against other groups.</summary>
    [Parameter(HelpMessage = "The weight of processor time against other containers, 2 to 262144; 1024 is usual.")]
    [ValidateRange(2, 262144)]
    public int? CpuShares { get; set; }

    /// <summary>The most processes.</summary>
    [Parameter(HelpMessage = "The most processes that the container may have; -1 for no limit.")]
    [ValidateRange(-1, long.MaxValue)]
    public long? PidsLimit { get; set; }

    /// <summary>Other limits.</summary>
    [Parameter(HelpMessage = "Other limits: the OCI's LinuxResources as a hashtable, such as @{ cpu = @{ cpus = '0' } }, or from a spec.")]
    [ResourcesTransformation]
    [ValidateNotNull]
    public CtrSpecResources? Resource { get; set; }

    /// <summary>Writes each task.</summary>
    [Parameter(HelpMessage = "Writes each task.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if ((Memory ?? Cpus ?? CpuShares ?? PidsLimit ?? (object?)Resource) is null)
        {
            ThrowTerminatingError(ErrorRecords.InvalidArgument(
                "NothingToUpdate", "Nothing is to change: give -Memory, -Cpus, -CpuShares, -PidsLimit or -Resource."));
        }

        if (Memory == 0)
        {
            ThrowTerminatingError(ErrorRecords.InvalidArgument("InvalidArgument", "A memory limit of 0 is none that runtimes know: -1 takes the limit away."));
        }

        // A copy: what was given stays as it is.
        _resources = Resource is null ? new CtrSpecResources() : CtrSpecResources.Parse(Resource.ToUtf8Json());
        ResourceLimits.Set(_resources, Memory, Cpus, CpuShares, PidsLimit);
        base.BeginProcessing();
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(target.Client, target.Id, "Change limits", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        await target.Client.Tasks.UpdateAsync(target.Id, _resources, annotations: null, cancellationToken).ConfigureAwait(false);
        if (PassThru)
        {
            await WriteAsync(await target.Client.Tasks.GetAsync(target.Id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }
}
