using Containerd.Protocol.Types;

namespace Containerd.Client;

/// <summary>Descriptors between their record and their message.</summary>
internal static class Descriptors
{
    /// <summary>Bytes of all of them. Their sizes are what somebody wrote: a sum beyond the largest number is that number.</summary>
    public static long SizeOf(IEnumerable<CtrDescriptor> parts) =>
        (long)decimal.Min(parts.Sum(part => (decimal)part.Size), long.MaxValue);

    public static ContentDescriptor ToMessage(CtrDescriptor descriptor)
    {
        var message = new ContentDescriptor { MediaType = descriptor.MediaType, Digest = descriptor.Digest, Size = descriptor.Size };
        foreach ((string name, string value) in descriptor.Annotations)
        {
            message.Annotations.Add(name, value);
        }

        return message;
    }

    public static CtrDescriptor ToRecord(ContentDescriptor message) => new()
    {
        MediaType = message.MediaType,
        Digest = message.Digest,
        Size = message.Size,
        Annotations = new Dictionary<string, string>(message.Annotations),
    };
}
