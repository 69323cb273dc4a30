using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Sessions;

/// <summary>Gives the plugins of the daemon, those that did not load with their reason.</summary>
[Cmdlet(VerbsCommon.Get, "CtrPlugin")]
[OutputType(typeof(CtrPlugin))]
public sealed class GetCtrPluginCommand : TimedDaemonCmdlet
{
    /// <summary>Types of plugins, with wildcards.</summary>
    [Parameter(Position = 0, HelpMessage = "Types of plugins, such as io.containerd.snapshotter.v1 or *snapshotter*.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PluginTypeCompleter))]
    public string[]? Type { get; set; }

    /// <summary>Ids of plugins, with wildcards.</summary>
    [Parameter(Position = 1, HelpMessage = "Ids of plugins, such as overlayfs; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PluginIdCompleter))]
    public string[]? Id { get; set; }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        NamePattern[] types = NamePattern.FromAll(Type);
        NamePattern[] ids = NamePattern.FromAll(Id);
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(() => WritePluginsAsync(client, types, ids, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WritePluginsAsync(
        ContainerdClient client, NamePattern[] types, NamePattern[] ids, CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrPlugin> plugins = await client.Introspection.ListPluginsAsync(null, cancellationToken).ConfigureAwait(false);
        foreach (CtrPlugin plugin in plugins.OrderBy(plugin => plugin.Type, StringComparer.Ordinal).ThenBy(plugin => plugin.Id, StringComparer.Ordinal))
        {
            if (NamePattern.AnyMatches(types, plugin.Type) && NamePattern.AnyMatches(ids, plugin.Id))
            {
                await WriteAsync(plugin, cancellationToken).ConfigureAwait(false);
            }
        }

        IEnumerable<NamePattern> missing =
        [
            .. types.Where(type => type.IsLiteral && !plugins.Any(plugin => type.Matches(plugin.Type))),
            .. ids.Where(id => id.IsLiteral && !plugins.Any(plugin => id.Matches(plugin.Id) && NamePattern.AnyMatches(types, plugin.Type))),
        ];
        foreach (NamePattern pattern in missing)
        {
            await WriteErrorAsync(
                new CtrException(
                    CtrErrorKind.NotFound,
                    "PluginNotFound",
                    $"The daemon at {client.Address} has no plugin '{pattern.Text}'.",
                    pattern.Text,
                    "Get-CtrPlugin lists those that are there."),
                cancellationToken).ConfigureAwait(false);
        }
    }
}
