using System.Management.Automation;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Containers;

/// <summary>A cmdlet that does something for the containers that it is given, and for all when it is given none.</summary>
public abstract class OptionalContainerTargetCmdlet : ContainerTargetCmdlet
{
    /// <summary>The containers' ids; null for all.</summary>
    [Parameter(
        ParameterSetName = IdSet,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The container's id, or several; wildcards are allowed. All when left out.")]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    [SupportsWildcards]
    [TextOnly]
    [ValidateNotNullOrEmpty]
    public override string[]? Id { get; set; }
}
