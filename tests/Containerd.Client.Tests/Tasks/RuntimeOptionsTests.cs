using Containerd.Protocol.Containers;
using Containerd.Protocol.Runc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tests.Tasks;

public sealed class RuntimeOptionsTests
{
    [Fact]
    public void The_containers_options_are_kept_beside_the_users_ids()
    {
        var container = Runc(RuntimeOptions.Pack(new Options { BinaryName = "/opt/runc", SystemdCgroup = true, IoUid = 7 }));

        var any = RuntimeOptions.ForTask(container, SpecOf(1000, 2000))!;

        Assert.Equal("containerd.runc.v1.Options", any.TypeUrl);
        Assert.Equal(
            new Options { BinaryName = "/opt/runc", SystemdCgroup = true, IoUid = 1000, IoGid = 2000 }, RuntimeOptions.Parse(any));
        Assert.Equal(7u, RuntimeOptions.Parse(container.Runtime.Options).IoUid);
    }

    [Fact]
    public void Without_options_there_are_the_users_ids()
    {
        var options = RuntimeOptions.Parse(RuntimeOptions.ForTask(Runc(null), SpecOf(5, 6)));

        Assert.Equal(new Options { IoUid = 5, IoGid = 6 }, options);
    }

    [Theory]
    [InlineData(0u, 100_000u)]
    [InlineData(999u, 100_999u)]
    [InlineData(1000u, 1u)]
    [InlineData(1001u, 0u)]
    public void In_a_user_namespace_the_ids_are_the_hosts(uint id, uint onHost)
    {
        var spec = SpecOf(id, id);
        List<CtrSpecIdMapping> mappings =
        [
            new() { ContainerId = 0, HostId = 100_000, Size = 1000 },
            new() { ContainerId = 1000, HostId = 1, Size = 1 },
        ];
        spec.Linux = new CtrSpecLinux { Namespaces = [new() { Type = "user" }], UidMappings = mappings, GidMappings = mappings };

        var options = RuntimeOptions.Parse(RuntimeOptions.ForTask(Runc(null), spec));

        Assert.Equal((onHost, onHost), (options.IoUid, options.IoGid));
    }

    [Fact]
    public void Mappings_without_a_user_namespace_do_not_count()
    {
        var spec = SpecOf(5, 5);
        spec.Linux = new CtrSpecLinux { UidMappings = [new() { ContainerId = 0, HostId = 100_000, Size = 1000 }] };

        Assert.Equal(5u, RuntimeOptions.Parse(RuntimeOptions.ForTask(Runc(null), spec)).IoUid);
    }

    [Fact]
    public void Another_runtime_keeps_its_own_options()
    {
        var own = new Any { TypeUrl = "example.Options", Value = ByteString.CopyFromUtf8("x") };
        var container = new Container { Runtime = new Container.Types.Runtime { Name = "io.containerd.kata.v2", Options = own } };

        Assert.Same(own, RuntimeOptions.ForTask(container, SpecOf(1, 1)));
    }

    [Fact]
    public void Runtime_v1_gets_its_own_kind_of_options()
    {
        var container = new Container { Runtime = new Container.Types.Runtime { Name = "io.containerd.runtime.v1.linux" } };

        var any = RuntimeOptions.ForTask(container, SpecOf(1000, 2000), "/images")!;

        Assert.Equal("containerd.linux.runc.CreateOptions", any.TypeUrl);
        Assert.Equal(
            new Protocol.RuntimeV1.CreateOptions { IoUid = 1000, IoGid = 2000, CriuImagePath = "/images" },
            Protocol.RuntimeV1.CreateOptions.Parser.ParseFrom(any.Value));
    }

    [Theory]
    [InlineData("io.containerd.runc.v2", "Debug", "true", "BinaryName")]
    [InlineData("io.containerd.runhcs.v1", "Debug", "yes", "true or false")]
    [InlineData("io.containerd.runhcs.v1", "DebugType", "2", "NPIPE or FILE or ETW")]
    [InlineData("io.containerd.runhcs.v1", "VmProcessorCount", "-1", "a whole number from 0")]
    [InlineData("io.containerd.runtime.v1.linux", "NoPivotRoot", "true", "RuntimeRoot")]
    [InlineData("io.containerd.kata.v2", "Debug", "true", "not known here")]
    public void An_option_that_a_runtime_does_not_take_is_refused(string runtime, string name, string value, string allowed)
    {
        var error = Assert.Throws<FormatException>(
            () => NamedRuntimeOptions.Pack(runtime, new Dictionary<string, object?> { [name] = value }));

        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    private static Container Runc(Any? options) =>
        new() { Runtime = new Container.Types.Runtime { Name = "io.containerd.runc.v2", Options = options } };

    private static CtrSpec SpecOf(uint uid, uint gid) =>
        new() { Process = new CtrSpecProcess { Cwd = "/", User = new CtrSpecUser { Uid = uid, Gid = gid } } };
}
