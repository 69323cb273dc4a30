using Containerd.Protocol.Runhcs;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Tasks;

public sealed class ProcessDetailsTests
{
    [Fact]
    public void Windows_tells_much()
    {
        var message = new Protocol.Runhcs.ProcessDetails
        {
            ImageName = "cmd.exe",
            CreatedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddDays(1)),
            KernelTime100Ns = 10_000_000,
            UserTime100Ns = 5_000_000,
            MemoryCommitBytes = 1,
            MemoryWorkingSetPrivateBytes = 2,
            MemoryWorkingSetSharedBytes = 3,
            ProcessId = 4,
            ExecId = "e1",
        };

        var details = Decode(message)!;

        Assert.Equal(
            new CtrProcessDetails
            {
                Type = "containerd.runhcs.v1.ProcessDetails",
                Raw = details.Raw,
                ExecId = "e1",
                ImageName = "cmd.exe",
                CreatedAt = DateTimeOffset.UnixEpoch.AddDays(1),
                KernelTime = TimeSpan.FromSeconds(1),
                UserTime = TimeSpan.FromSeconds(0.5),
                MemoryCommit = 1,
                MemoryWorkingSetPrivate = 2,
                MemoryWorkingSetShared = 3,
            },
            details);
        Assert.Equal(message.ToByteArray(), details.Raw);
    }

    [Fact]
    public void Both_of_runcs_kinds_tell_the_execs_id()
    {
        Assert.Equal("e1", Decode(new Protocol.Runc.ProcessDetails { ExecId = "e1" })!.ExecId);
        Assert.Equal("e2", Decode(new Protocol.RuntimeV1.ProcessDetails { ExecId = "e2" })!.ExecId);
        Assert.Null(Decode(new Protocol.Runc.ProcessDetails())!.ExecId);
    }

    [Fact]
    public void What_is_not_known_here_stays_as_it_came()
    {
        var details = Client.ProcessDetails.Decode(new Any { TypeUrl = "example/Details", Value = ByteString.CopyFrom(0xff) })!;

        Assert.Equal(("Details", null), (details.Type, details.ExecId));
        Assert.Equal([0xff], details.Raw);
        Assert.Null(Client.ProcessDetails.Decode(null));
    }

    private static CtrProcessDetails? Decode(IMessage message) => Client.ProcessDetails.Decode(RuntimeOptions.Pack(message));
}
