namespace Containerd.Client;

/// <summary>Which events are wanted, and how many wait for a slow reader.</summary>
public sealed record EventSubscription
{
    /// <summary>How many events wait for a slow reader by default.</summary>
    public const int DefaultBufferSize = 4096;

    /// <summary>
    /// Topics; none for all. One without wildcards means itself and all below it: <c>/tasks</c> is <c>/tasks/start</c>,
    /// <c>/tasks/exit</c> and so on. With <c>*</c> and <c>?</c> it means those that it fits as a whole.
    /// </summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>
    /// Filters in containerd's language, such as <c>event.container_id==web</c>; several mean any of them. They hold beside
    /// the topics. As the daemon alone can apply them, nothing is reconstructed for a subscription that has any: a
    /// <see cref="CtrEventGap"/> tells of a lost stream.
    /// </summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Whether events of all namespaces are wanted, not only those of the client's.</summary>
    public bool AllNamespaces { get; init; }

    /// <summary>How many events wait for a slow reader, 1 or more; those beyond are dropped and a <see cref="CtrEventGap"/> counts them.</summary>
    public int BufferSize { get; init; } = DefaultBufferSize;
}
