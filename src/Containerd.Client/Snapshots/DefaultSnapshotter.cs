namespace Containerd.Client;

/// <summary>
/// The snapshotter used where none is named: <c>CONTAINERD_SNAPSHOTTER</c>, else <c>overlayfs</c> where the daemon has it,
/// else <c>native</c>. The daemon is asked once a connection.
/// </summary>
internal sealed class DefaultSnapshotter
{
    private const string Overlay = "overlayfs";

    private readonly IntrospectionClient _introspection;
    private volatile string? _name;

    internal DefaultSnapshotter(IntrospectionClient introspection) => _introspection = introspection;

    public async ValueTask<string> GetAsync(CancellationToken cancellationToken) =>
        _name ??= Environment.GetEnvironmentVariable("CONTAINERD_SNAPSHOTTER") is { Length: > 0 } configured
            ? configured
            : await FindAsync(cancellationToken).ConfigureAwait(false);

    private async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CtrPlugin> plugins = await _introspection.ListPluginsAsync(
            [$"type==io.containerd.snapshotter.v1,id=={Overlay}"], cancellationToken).ConfigureAwait(false);
        return plugins.Any(plugin => plugin.IsLoaded) ? Overlay : "native";
    }
}
