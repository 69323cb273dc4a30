namespace Containerd.Client;

/// <summary>An image as it is for one platform.</summary>
internal sealed record ResolvedImage
{
    /// <summary>The image's full name.</summary>
    public required string Name { get; init; }

    /// <summary>What the name stands for: an index, or the manifest itself.</summary>
    public required CtrDescriptor Target { get; init; }

    /// <summary>The platform's manifest.</summary>
    public required CtrDescriptor Manifest { get; init; }

    /// <summary>The descriptor of the configuration.</summary>
    public required CtrDescriptor ConfigDescriptor { get; init; }

    /// <summary>What the image says about its process.</summary>
    public required ContainerImageConfig Config { get; init; }

    /// <summary>The layers, lowest first.</summary>
    public required IReadOnlyList<CtrDescriptor> Layers { get; init; }

    /// <summary>The digests of the layers' uncompressed content, one for each layer.</summary>
    public required IReadOnlyList<string> DiffIds { get; init; }

    /// <summary>The names of the snapshots that the layers become, one for each layer.</summary>
    public required IReadOnlyList<string> ChainIds { get; init; }

    /// <summary>The name of the topmost snapshot; empty for an image without layers.</summary>
    public string ChainId => ChainIds.Count == 0 ? "" : ChainIds[^1];
}
