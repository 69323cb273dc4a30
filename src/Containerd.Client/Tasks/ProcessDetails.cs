using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Runc = Containerd.Protocol.Runc.ProcessDetails;
using Runhcs = Containerd.Protocol.Runhcs.ProcessDetails;
using V1 = Containerd.Protocol.RuntimeV1.ProcessDetails;

namespace Containerd.Client;

/// <summary>Decodes what a runtime tells of a process.</summary>
internal static class ProcessDetails
{
    /// <summary>What is told; null for nothing. A message that is not known here stays as it came.</summary>
    /// <exception cref="InvalidProtocolBufferException">The message is one that is known, and cannot be read.</exception>
    public static CtrProcessDetails? Decode(Any? info)
    {
        if (info is null)
        {
            return null;
        }

        var details = new CtrProcessDetails { Type = TypeUrl.NameOf(info), Raw = info.Value.ToByteArray() };
        return details.Type switch
        {
            var type when type == Runc.Descriptor.FullName => details with { ExecId = Id(Runc.Parser.ParseFrom(info.Value).ExecId) },
            var type when type == V1.Descriptor.FullName => details with { ExecId = Id(V1.Parser.ParseFrom(info.Value).ExecId) },
            var type when type == Runhcs.Descriptor.FullName => WithWindows(details, Runhcs.Parser.ParseFrom(info.Value)),
            _ => details,
        };
    }

    private static CtrProcessDetails WithWindows(CtrProcessDetails details, Runhcs process) => details with
    {
        ExecId = Id(process.ExecId),
        ImageName = process.ImageName,
        CreatedAt = process.CreatedAt?.ToDateTimeOffset(),

        // Windows counts in 100 ns, as TimeSpan does.
        KernelTime = TimeSpan.FromTicks((long)process.KernelTime100Ns),
        UserTime = TimeSpan.FromTicks((long)process.UserTime100Ns),
        MemoryCommit = (long)process.MemoryCommitBytes,
        MemoryWorkingSetPrivate = (long)process.MemoryWorkingSetPrivateBytes,
        MemoryWorkingSetShared = (long)process.MemoryWorkingSetSharedBytes,
    };

    private static string? Id(string id) => id.Length > 0 ? id : null;
}
