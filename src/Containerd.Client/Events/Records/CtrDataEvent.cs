namespace Containerd;

/// <summary>An event that Publish-CtrEvent published: names and values (google.protobuf.Struct).</summary>
public sealed record CtrDataEvent : CtrEvent
{
    /// <summary>Text, numbers, true and false, null, lists and dictionaries of them, by name.</summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>The value named <c>id</c>; empty where there is none.</summary>
    public override string Id => Data.GetValueOrDefault("id") as string ?? "";
}
