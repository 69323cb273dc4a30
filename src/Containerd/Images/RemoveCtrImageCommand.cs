using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Images;

/// <summary>Remove-CtrImage: removes names of images, and waits until what they alone referred to is gone.</summary>
[Cmdlet(VerbsCommon.Remove, "CtrImage", DefaultParameterSetName = InputObjectSet, SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveCtrImageCommand : ImageCmdlet
{
    private const string NameSet = "Name";

    // The default set: else an image from the pipeline would be bound by its name alone, and lose its daemon and namespace.
    private const string InputObjectSet = "InputObject";

    /// <summary>The images' names.</summary>
    [Parameter(
        ParameterSetName = NameSet,
        Position = 0,
        Mandatory = true,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "The image's name, or several, such as busybox; wildcards are allowed.")]
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
        HelpMessage = "An image as Get-CtrImage or Import-CtrImage returned it, or several.")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    [ImageTransformation]
    [ValidateNotNullOrEmpty]
    public CtrImage[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == NameSet)
        {
            await ForEachAsync(Name!, (client, image) => RemoveAsync(client, image, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (CtrImage image in InputObject!)
        {
            await TryAsync(
                () => RemoveAsync(ClientFor(image.Address, image.Namespace), image, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(ContainerdClient client, CtrImage image, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(client, image.Name, "Remove image", cancellationToken).ConfigureAwait(false))
        {
            await client.Images.DeleteAsync(image.Name, wait: true, cancellationToken).ConfigureAwait(false);
        }
    }
}
