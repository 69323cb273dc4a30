using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Images;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Events;

/// <summary>A cmdlet that subscribes to events: what they are chosen by.</summary>
public abstract class EventCmdlet : DaemonCmdlet
{
    private NamePattern[] _types = [];
    private ImageNamePattern[] _ids = [];

    /// <summary>Topics.</summary>
    [Parameter(Position = 0, HelpMessage = "Topics, such as /tasks or /tasks/exit; one means all below it too. * and ? are wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EventTopicCompleter))]
    public string[]? Topic { get; set; }

    /// <summary>Kinds of events, with wildcards.</summary>
    [Parameter(HelpMessage = "Kinds of events, such as TaskExit or Image*.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EventTypeCompleter))]
    public string[]? Type { get; set; }

    /// <summary>What they are about, with wildcards.</summary>
    [Parameter(HelpMessage = "What they are about: ids of containers, names of images, digests; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>Filters in containerd's language.</summary>
    [Parameter(HelpMessage = "Filters in containerd's language, such as 'event.container_id==web'; several mean any of them.")]
    [ValidateNotNullOrEmpty]
    public string[]? Filter { get; set; }

    /// <summary>Events of all namespaces.</summary>
    [Parameter(HelpMessage = "Events of all namespaces.")]
    public SwitchParameter AllNamespaces { get; set; }

    /// <summary>How many events wait for a slow reader.</summary>
    [Parameter(HelpMessage = "How many events wait for a slow reader; those beyond are dropped, and a CtrEventGap counts them.")]
    [ValidateRange(1, int.MaxValue)]
    public int BufferSize { get; set; } = EventSubscription.DefaultBufferSize;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _types = NamePattern.FromAll(Type);
        _ids = Array.ConvertAll(Id ?? [], id => new ImageNamePattern(id));
        base.BeginProcessing();
        foreach (NamePattern type in _types.Where(type => !CtrEvent.KnownTypes.Any(type.Matches)))
        {
            WriteWarning($"'{type.Text}' is no kind of event that containerd publishes. Those are {string.Join(", ", CtrEvent.KnownTypes)}.");
        }
    }

    private protected Task<EventFeed> SubscribeAsync(ContainerdClient client, CancellationToken cancellationToken) =>
        client.Events.SubscribeAsync(
            new EventSubscription
            {
                Topics = Topic ?? [],
                Filters = Filter ?? [],
                AllNamespaces = AllNamespaces,
                BufferSize = BufferSize,
            },
            cancellationToken);

    // A gap is shown whatever is wanted: it may have been among what is missing.
    private protected bool IsWanted(CtrEvent value) =>
        value is CtrEventGap || (NamePattern.AnyMatches(_types, value.Type) && (_ids.Length == 0 || Array.Exists(_ids, id => id.Matches(value.Id))));
}
