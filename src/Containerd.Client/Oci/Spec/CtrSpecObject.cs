using System.Text.Json;
using System.Text.Json.Serialization;

namespace Containerd;

/// <summary>
/// What every object of an OCI runtime spec has in common: members that this model does not name are kept
/// and written back as they were read.
/// </summary>
public abstract class CtrSpecObject
{
    private protected CtrSpecObject()
    {
    }

    /// <summary>
    /// Members by their JSON name that have no property here, such as <c>seccomp</c>, <c>blockIO</c> or the
    /// <c>windows</c> section; null when there are none.
    /// </summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? AdditionalProperties { get; set; }
}
