using Containerd.Client.Grpc;
using Containerd.Client.Oci;
using Containerd.Protocol.Events;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>Events: containerd.services.events.v1.Events.</summary>
/// <remarks>Each method raises <see cref="CtrException"/> for a failed call and <see cref="OperationCanceledException"/> for a cancelled one.</remarks>
public sealed class EventClient
{
    private readonly ContainerdClient _client;
    private readonly ServiceChannel _services;

    internal EventClient(ContainerdClient client, ServiceChannel services)
    {
        _client = client;
        _services = services;
    }

    /// <summary>
    /// Subscribes to events (Events.Subscribe). When it returns, the daemon has the subscription: what happens from then on
    /// is in the stream.
    /// </summary>
    /// <remarks>
    /// containerd acknowledges no subscription and keeps no events. To know when it holds, an event of no content is
    /// published under a topic of its own, <c>/containerd-powershell/…</c>, which other subscribers may see.
    /// </remarks>
    /// <param name="subscription">Which events are wanted; null for all of the namespace.</param>
    /// <param name="cancellationToken">Ends the subscribing; the stream ends when it is disposed.</param>
    /// <exception cref="CtrException">
    /// InvalidArgument for a topic or filter that is none; Unavailable without a daemon; DeadlineExceeded for one that takes
    /// events and delivers none.
    /// </exception>
    public Task<EventFeed> SubscribeAsync(EventSubscription? subscription = null, CancellationToken cancellationToken = default) =>
        EventFeed.OpenAsync(_client, this, subscription ?? new EventSubscription(), cancellationToken);

    /// <summary>Publishes names and values (Events.Publish), which subscribers see as a <see cref="CtrDataEvent"/>.</summary>
    /// <param name="topic">The topic: identifiers, each after a slash, such as <c>/backup/done</c>.</param>
    /// <param name="data">Text, numbers, true and false, null, lists and dictionaries of them, by name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">InvalidArgument for a topic or a value that is none.</exception>
    public Task PublishAsync(string topic, IReadOnlyDictionary<string, object?> data, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        Struct message = EventData.Write(data);
        return PublishAsync(topic, Struct.Descriptor.FullName, message.ToByteArray(), cancellationToken);
    }

    /// <summary>Publishes a serialized message (Events.Publish).</summary>
    /// <param name="topic">The topic: identifiers, each after a slash, such as <c>/backup/done</c>.</param>
    /// <param name="typeUrl">The message's type, such as <c>containerd.events.TaskExit</c>.</param>
    /// <param name="value">The message.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="CtrException">InvalidArgument for a topic that is none.</exception>
    public Task PublishAsync(string topic, string typeUrl, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(typeUrl);
        ValidateTopic(topic);
        return _services.CallAsync(
            EventMethods.Publish,
            new PublishRequest { Topic = topic, Event = new Any { TypeUrl = typeUrl, Value = ByteString.CopyFrom(value.Span) } },
            Resource.Event,
            cancellationToken);
    }

    /// <summary>The limit for what a daemon answers at once.</summary>
    internal TimeSpan Timeout => _services.Timeout ?? ServiceChannel.NoTimeout;

    internal IAsyncEnumerable<Envelope> ReceiveAsync(IEnumerable<string> filters, CancellationToken cancellationToken) =>
        _services.StreamAsync(EventMethods.Subscribe, new SubscribeRequest { Filters = { filters } }, Resource.Event, cancellationToken);

    /// <summary>Raises an error where this side has closed the connection, so that waiting for the daemon is vain.</summary>
    internal void ThrowIfClosed(Exception? cause)
    {
        if (_services.Channel.IsClosed)
        {
            throw ErrorTranslation.ConnectionClosed(_services.Address, cause ?? new ObjectDisposedException(nameof(GrpcChannel)));
        }
    }

    private static void ValidateTopic(string topic)
    {
        string[] parts = (topic ?? "").Split('/');
        if (parts.Length < 2 || parts[0].Length > 0 || !parts.Skip(1).All(Identifier.IsValid))
        {
            throw CtrException.InvalidArgument(
                "InvalidTopic", $"'{topic}' is no topic: identifiers are wanted, each after a slash, such as /backup/done.", topic);
        }
    }
}
