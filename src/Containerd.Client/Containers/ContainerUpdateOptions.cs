namespace Containerd.Client;

/// <summary>What <see cref="ContainerClient.UpdateAsync"/> changes; the rest stays.</summary>
public sealed record ContainerUpdateOptions
{
    /// <summary>Labels to add or to set anew.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of labels to remove; one that is not there is no error.</summary>
    public IReadOnlyList<string> RemovedLabels { get; init; } = [];

    /// <summary>Extensions to add or to set anew.</summary>
    public IReadOnlyDictionary<string, CtrExtension> Extensions { get; init; } = new Dictionary<string, CtrExtension>();

    /// <summary>The new spec, for the next task; null keeps the old one.</summary>
    public CtrSpec? Spec { get; init; }
}
