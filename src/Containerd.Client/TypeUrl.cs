using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client;

/// <summary>The types of packed messages. containerd names them barely, where protobuf's own libraries want a slash before.</summary>
internal static class TypeUrl
{
    /// <summary>The full name of a packed message's type, of whichever form.</summary>
    public static string NameOf(Any any) => any.TypeUrl[(any.TypeUrl.LastIndexOf('/') + 1)..];
}
