using System.Collections;
using System.Management.Automation;
using System.Text;
using Containerd.Client;
using Containerd.PowerShell.Binding;

namespace Containerd.PowerShell.Containers;

/// <summary>Changes labels, extensions and the spec of containers.</summary>
[Cmdlet(VerbsCommon.Set, "CtrContainer", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(CtrContainer))]
public sealed class SetCtrContainerCommand : ContainerTargetCmdlet
{
    /// <summary>Labels to set.</summary>
    [Parameter(HelpMessage = "Labels to add or to set anew: a hashtable, or 'key=value'.")]
    [DictionaryTransformation]
    public Dictionary<string, string> Label { get; set; } = [];

    /// <summary>Labels to remove.</summary>
    [Parameter(HelpMessage = "Names of labels to remove.")]
    [ValidateNotNullOrEmpty]
    public string[] RemoveLabel { get; set; } = [];

    /// <summary>Extensions to set.</summary>
    [Parameter(HelpMessage = "Extensions to add or to set anew: a hashtable of names, each with @{ TypeUrl = '…'; Value = bytes or text }.")]
    [ValidateNotNull]
    public Hashtable Extension { get; set; } = [];

    /// <summary>The new spec.</summary>
    [Parameter(HelpMessage = "An edited spec from Get-CtrSpec, for the container's next task.")]
    [ValidateNotNull]
    public CtrSpec? Spec { get; set; }

    /// <summary>Whether the container is written to the pipeline.</summary>
    [Parameter(HelpMessage = "Writes the changed container to the pipeline.")]
    public SwitchParameter PassThru { get; set; }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken)
    {
        var update = new ContainerUpdateOptions
        {
            Labels = Label,
            RemovedLabels = RemoveLabel,
            Extensions = Extension.Cast<DictionaryEntry>().ToDictionary(entry => entry.Key.ToString()!, entry => ToExtension(entry.Value)),
            Spec = Spec,
        };
        if (!await ShouldProcessAsync(target.Client, target.Id, "Change container", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        CtrContainer container = await target.Client.Containers.UpdateAsync(target.Id, update, cancellationToken).ConfigureAwait(false);
        if (PassThru)
        {
            await WriteAsync(container, cancellationToken).ConfigureAwait(false);
        }
    }

    private static CtrExtension ToExtension(object? value) => value switch
    {
        PSObject wrapped => ToExtension(wrapped.BaseObject),
        CtrExtension extension => extension,
        IDictionary parts when parts["TypeUrl"] is { } type => new CtrExtension { TypeUrl = type.ToString()!, Value = Bytes(parts["Value"]) },
        _ => throw new FormatException("An extension is a hashtable @{ TypeUrl = '…'; Value = bytes or text }."),
    };

    private static byte[] Bytes(object? value) => value switch
    {
        PSObject wrapped => Bytes(wrapped.BaseObject),
        byte[] bytes => bytes,
        null => [],
        object other => Encoding.UTF8.GetBytes(other.ToString()!),
    };
}
