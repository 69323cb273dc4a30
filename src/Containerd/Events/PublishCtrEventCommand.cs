using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Events;

/// <summary>Publish-CtrEvent: publishes an event of one's own.</summary>
[Cmdlet(VerbsData.Publish, "CtrEvent", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class PublishCtrEventCommand : TimedDaemonCmdlet
{
    /// <summary>The topic.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The topic: identifiers, each after a slash, such as /backup/done.")]
    [ValidateNotNullOrEmpty]
    public string Topic { get; set; } = "";

    /// <summary>What is published.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, HelpMessage = "What is published: a hashtable or an object; with -TypeUrl the bytes of a message.")]
    [AllowNull]
    public object? Data { get; set; }

    /// <summary>The type of a serialized message.</summary>
    [Parameter(HelpMessage = "The type of the message whose bytes -Data has, such as containerd.events.TaskOOM.")]
    [ValidateNotNullOrEmpty]
    public string? TypeUrl { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (ContainerdClient client in Clients)
        {
            await TryAsync(() => PublishAsync(client, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PublishAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        byte[] message = TypeUrl is null ? [] : PublishedData.Bytes(Data);
        IReadOnlyDictionary<string, object?> data = TypeUrl is null ? PublishedData.Names(Data) : new Dictionary<string, object?>();
        if (await ShouldProcessAsync(client, Topic, "Publish an event", cancellationToken).ConfigureAwait(false))
        {
            await (TypeUrl is null
                ? client.Events.PublishAsync(Topic, data, cancellationToken)
                : client.Events.PublishAsync(Topic, TypeUrl, message, cancellationToken)).ConfigureAwait(false);
        }
    }
}
