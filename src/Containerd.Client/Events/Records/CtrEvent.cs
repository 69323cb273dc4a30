using Containerd.Client;

namespace Containerd;

/// <summary>Something that happened in the daemon: an envelope of containerd.services.events.v1 with what is in it.</summary>
public abstract record CtrEvent
{
    /// <summary>The kinds of events that have records of their own, as <see cref="Type"/> names them.</summary>
    public static IReadOnlyList<string> KnownTypes => EventRecords.Types;

    /// <summary>The topic that it was published under, such as <c>/tasks/exit</c>.</summary>
    public string Topic { get; init; } = "";

    /// <summary>What it is about: a container's id, an image's name, a digest, a snapshot's key, a namespace, a sandbox's id.</summary>
    public abstract string Id { get; }

    /// <summary>The kind of event, such as <c>TaskExit</c>; the type's name on the wire where the kind is not known.</summary>
    public virtual string Type => GetType().Name["Ctr".Length..^"Event".Length];

    /// <summary>When it happened; for a reconstructed one as far as that is known, else when it was found out.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary>
    /// Whether it was not received, but found out: by comparing the daemon's containers and tasks with what was seen before
    /// the stream was lost, or from another event that tells that it must have been.
    /// </summary>
    public bool IsReconstructed { get; init; }

    /// <summary>The address of the daemon.</summary>
    public string Address { get; init; } = "";

    /// <summary>The namespace in which it happened.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The topic and what it is about.</summary>
    public sealed override string ToString() => $"{Topic} {Id}";
}
