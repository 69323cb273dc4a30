namespace Containerd.Client;

/// <summary>What a call is about, so that its error can name it: a kind of object and its id.</summary>
internal readonly record struct Resource(string Kind, string? Id = null)
{
    public static Resource Daemon => new("Daemon");

    public static Resource Event => new("Event");

    public static Resource Container(string id) => new("Container", id);

    public static Resource Task(string id) => new("Task", id);

    public static Resource Exec(string id) => new("Exec", id);

    public static Resource Image(string name) => new("Image", name);

    public static Resource Content(string digest) => new("Content", digest);

    public static Resource Snapshot(string key) => new("Snapshot", key);

    public static Resource Lease(string id) => new("Lease", id);

    /// <summary>What is made under a lease.</summary>
    public static Resource UnderLease(string id) => new("Leased", id);

    public static Resource Namespace(string name) => new("Namespace", name);
}
