using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Binding;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Images;

namespace Containerd.PowerShell.Containers;

/// <summary>Gives the containers that there are, or those that are asked for.</summary>
[Cmdlet(VerbsCommon.Get, "CtrContainer", DefaultParameterSetName = IdSet)]
[OutputType(typeof(CtrContainer))]
public sealed class GetCtrContainerCommand : OptionalContainerTargetCmdlet
{
    private ImageNamePattern? _image;

    /// <summary>Labels that the containers have.</summary>
    [Parameter(ParameterSetName = IdSet, HelpMessage = "Labels that a container must have, all of them: a hashtable, 'key=value', or 'key' for any value.")]
    [DictionaryTransformation]
    public Dictionary<string, string> Label { get; set; } = [];

    /// <summary>The image from which the containers were made.</summary>
    [Parameter(ParameterSetName = IdSet, HelpMessage = "The image from which a container was made, such as busybox; wildcards are allowed.")]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>Filters in containerd's language.</summary>
    [Parameter(ParameterSetName = IdSet, HelpMessage = "A filter in containerd's own language, such as 'runtime.name==io.containerd.runc.v2'; of several any.")]
    [ValidateNotNullOrEmpty]
    public string[]? Filter { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _image = Image is null ? null : new ImageNamePattern(Image);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == InputObjectSet)
        {
            await base.ProcessAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        string[] wildcards = [.. (Id ?? ["*"]).Where(WildcardPattern.ContainsWildcardCharacters)];
        string[] literals = [.. (Id ?? []).Where(id => !WildcardPattern.ContainsWildcardCharacters(id)).Distinct()];
        foreach (ContainerdClient client in Clients)
        {
            foreach (string id in literals)
            {
                await TryAsync(() => WriteOneAsync(client, id, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            if (wildcards.Length > 0)
            {
                await TryAsync(() => WriteMatchesAsync(client, wildcards, literals, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private protected override async Task ProcessTargetAsync(ContainerTarget target, CancellationToken cancellationToken) =>
        await WriteAsync(await target.Client.Containers.GetAsync(target.Id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    private async Task WriteOneAsync(ContainerdClient client, string id, CancellationToken cancellationToken)
    {
        CtrContainer container = await client.Containers.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (Filter is null && Label.Count == 0)
        {
            if (IsOfImage(container))
            {
                await WriteAsync(container, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        await WriteListAsync(client, _ => true, CtrFilter.Equal("id", id), cancellationToken).ConfigureAwait(false);
    }

    private Task WriteMatchesAsync(ContainerdClient client, string[] wildcards, string[] written, CancellationToken cancellationToken)
    {
        WildcardPattern[] patterns = Array.ConvertAll(wildcards, text => WildcardPattern.Get(text, WildcardOptions.CultureInvariant));
        return WriteListAsync(
            client, id => !written.Contains(id) && Array.Exists(patterns, pattern => pattern.IsMatch(id)), "", cancellationToken);
    }

    private async Task WriteListAsync(ContainerdClient client, Func<string, bool> isWanted, string condition, CancellationToken cancellationToken)
    {
        string conditions = CtrFilter.All([condition, .. Label.Select(label => CtrFilter.Label(label.Key, label.Value))]);
        IEnumerable<string> filters = (Filter ?? [""]).Select(filter => CtrFilter.All([filter, conditions])).Where(filter => filter.Length > 0);
        await foreach (CtrContainer container in client.Containers.ListAsync(filters, cancellationToken).ConfigureAwait(false))
        {
            if (isWanted(container.Id) && IsOfImage(container))
            {
                await WriteAsync(container, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private bool IsOfImage(CtrContainer container) => _image is null || _image.Matches(container.Image);
}
