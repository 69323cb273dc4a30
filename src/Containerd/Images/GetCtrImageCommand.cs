using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Images;

/// <summary>Get-CtrImage: the images that there are, or those that are asked for.</summary>
[Cmdlet(VerbsCommon.Get, "CtrImage", DefaultParameterSetName = NameSet)]
[OutputType(typeof(CtrImage))]
public sealed class GetCtrImageCommand : ImageCmdlet
{
    private const string NameSet = "Name";
    private const string InputObjectSet = "InputObject";

    /// <summary>The images' names; null for all.</summary>
    [Parameter(
        ParameterSetName = NameSet,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The image's name, or several, such as busybox or ghcr.io/org/app:1.2; wildcards are allowed. All when left out.")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    [SupportsWildcards]
    [TextOnly]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Images as other cmdlets return them.</summary>
    [Parameter(
        ParameterSetName = InputObjectSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "An image as Get-CtrImage or Import-CtrImage returned it, or several: as it is now.")]
    [ImageTransformation]
    [ValidateNotNullOrEmpty]
    public CtrImage[]? InputObject { get; set; }

    /// <summary>Labels that the images have.</summary>
    [Parameter(ParameterSetName = NameSet, HelpMessage = "Labels that an image must have, all of them: a hashtable, 'key=value', or 'key' for any value.")]
    [DictionaryTransformation]
    public Dictionary<string, string> Label { get; set; } = [];

    /// <summary>Filters in containerd's language.</summary>
    [Parameter(ParameterSetName = NameSet, HelpMessage = "A filter in containerd's own language, such as 'name~=busybox'; of several any.")]
    [ValidateNotNullOrEmpty]
    public string[]? Filter { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (CtrImage known in InputObject!)
            {
                await TryAsync(() => WriteAgainAsync(known, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        string[] names = Name ?? ["*"];
        if (Filter is null && Label.Count == 0)
        {
            await ForEachAsync(names, (_, image) => WriteImageAsync(image, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }

        string labels = CtrFilter.All(Label.Select(label => CtrFilter.Label(label.Key, label.Value)));
        string[] filters = Array.ConvertAll(Filter ?? [""], filter => CtrFilter.All([filter, labels]));
        ImageNamePattern[] patterns = Array.ConvertAll(names, name => new ImageNamePattern(name));
        foreach (ContainerdClient client in Clients)
        {
            await ForEachListedAsync(
                client, patterns, filters, (_, image) => WriteImageAsync(image, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteAgainAsync(CtrImage known, CancellationToken cancellationToken) => await WriteImageAsync(
        await ClientFor(known.Address, known.Namespace).Images.GetAsync(known.Name, cancellationToken).ConfigureAwait(false),
        cancellationToken).ConfigureAwait(false);

    private Task WriteImageAsync(CtrImage image, CancellationToken cancellationToken) => WriteAsync(image, cancellationToken).AsTask();
}
