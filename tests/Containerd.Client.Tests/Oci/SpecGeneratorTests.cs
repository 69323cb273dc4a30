using Containerd.Client.Oci;
using Containerd.Client.Oci.Users;

namespace Containerd.Client.Tests.Oci;

public class SpecGeneratorTests
{
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly ContainerSpecOptions Minimal = new()
    {
        Namespace = "default",
        Id = "c1",
        Image = new() { Cmd = ["sh"] },
    };

    private static readonly AccountFiles Accounts = new(
        PasswdFile.Parse("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"u8),
        GroupFile.Parse("root:x:0:root\nbin:x:1:root,daemon\napp:x:1001:\nextra:x:2000:app,root\n"u8));

    private static CtrSpec Generate(ContainerSpecOptions options) => SpecGenerator.Generate(options, Accounts);

    [Fact]
    public void The_default_is_what_ctr_run_makes()
    {
        var expected = $$$"""
            {"ociVersion":"1.0.2",
             "process":{"user":{"uid":0,"gid":0,"additionalGids":[0,1,2000]},"args":["sh"],"env":["{{{DefaultPath}}}"],"cwd":"/",
              "capabilities":{"bounding":{{{Caps}}},"effective":{{{Caps}}},"permitted":{{{Caps}}}},
              "rlimits":[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}],"noNewPrivileges":true},
             "root":{"path":"rootfs"},
             "mounts":[
              {"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},
              {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
              {"destination":"/dev/pts","type":"devpts","source":"devpts","options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
              {"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["nosuid","noexec","nodev","mode=1777","size=65536k"]},
              {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
              {"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
              {"destination":"/run","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]}],
             "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"},
               {{{Device(1, 3)}}},{{{Device(1, 8)}}},{{{Device(1, 7)}}},{{{Device(5, 0)}}},{{{Device(1, 5)}}},{{{Device(1, 9)}}},{{{Device(5, 1)}}},
               {"allow":true,"type":"c","major":136,"access":"rwm"},{{{Device(5, 2)}}}],"cpu":{"shares":1024}},
              "cgroupsPath":"/default/c1",
              "namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"network"}],
              "maskedPaths":["/proc/acpi","/proc/asound","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list","/proc/timer_stats","/proc/sched_debug","/sys/firmware","/sys/devices/virtual/powercap","/proc/scsi"],
              "readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]}}
            """;

        Assert.Equal(CtrSpec.Parse(expected).ToJson(indented: true), Generate(Minimal).ToJson(indented: true));
    }

    private const string Caps = """["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]""";

    private static string Device(int major, int minor) => $$"""{"allow":true,"type":"c","major":{{major}},"minor":{{minor}},"access":"rwm"}""";

    [Fact]
    public void A_command_takes_the_place_of_cmd_and_keeps_the_entrypoint()
    {
        var image = new ContainerImageConfig { Entrypoint = ["/entry", "-x"], Cmd = ["default"] };

        Assert.Equal(["/entry", "-x", "default"], Args(Minimal with { Image = image }));
        Assert.Equal(["/entry", "-x", "a", "b"], Args(Minimal with { Image = image, Command = ["a", "b"] }));
        Assert.Equal(["/other"], Args(Minimal with { Image = image, Entrypoint = ["/other"] }));
        Assert.Equal(["a"], Args(Minimal with { Image = image, Entrypoint = [], Command = ["a"] }));
    }

    private static List<string> Args(ContainerSpecOptions options) => Generate(options).Process!.Args;

    [Fact]
    public void Nothing_to_run_is_refused() =>
        Assert.Contains("nothing to run", Assert.Throws<FormatException>(() => Generate(Minimal with { Image = new() })).Message, StringComparison.Ordinal);

    [Fact]
    public void The_environment_lies_over_the_images()
    {
        var options = Minimal with
        {
            Image = new() { Cmd = ["sh"], Env = ["A=1", "B=2", "C=3"] },
            Environment = ["B=x=y", "C", "D=", "NOT_THERE"],
        };

        Assert.Equal(["A=1", "B=x=y", "D="], Generate(options).Process!.Env);
    }

    [Theory]
    [InlineData("")]
    [InlineData("=x")]
    [InlineData("A=\0")]
    public void A_variable_without_a_name_is_refused(string variable) =>
        Assert.Throws<FormatException>(() => Generate(Minimal with { Environment = [variable] }));

    [Fact]
    public void A_terminal_brings_TERM_unless_it_is_set()
    {
        Assert.Equal([DefaultPath, "TERM=xterm"], Generate(Minimal with { Terminal = true }).Process!.Env);
        Assert.Equal([DefaultPath, "TERM=vt100"], Generate(Minimal with { Terminal = true, Environment = ["TERM=vt100"] }).Process!.Env);
        Assert.True(Generate(Minimal with { Terminal = true }).Process!.Terminal);
    }

    [Fact]
    public void Working_directory_comes_from_the_caller_then_the_image_then_the_root()
    {
        var image = new ContainerImageConfig { Cmd = ["sh"], WorkingDir = "/image" };

        Assert.Equal("/image", Generate(Minimal with { Image = image }).Process!.Cwd);
        Assert.Equal("/mine", Generate(Minimal with { Image = image, WorkingDirectory = "/mine" }).Process!.Cwd);
        Assert.Throws<FormatException>(() => Generate(Minimal with { WorkingDirectory = "relative" }));
    }

    [Fact]
    public void The_user_comes_from_the_caller_then_the_image()
    {
        var image = new ContainerImageConfig { Cmd = ["sh"], User = "app" };

        var user = Generate(Minimal with { Image = image }).Process!.User;
        Assert.Equal((1000u, 1001u), (user.Uid, user.Gid));
        Assert.Equal([1001u, 2000u], user.AdditionalGids);
        Assert.Equal(0u, Generate(Minimal with { Image = image, User = "root" }).Process!.User.Uid);
    }

    [Fact]
    public void Host_network_drops_the_namespace_and_shares_the_hosts_files()
    {
        var spec = Generate(Minimal with { HostNetwork = true });

        Assert.Equal(["pid", "ipc", "uts", "mount"], spec.Linux!.Namespaces.Select(n => n.Type));
        Assert.Equal(["/etc/hosts", "/etc/resolv.conf"], spec.Mounts.Skip(7).Select(m => m.Destination));
        Assert.All(spec.Mounts.Skip(7), m => Assert.Equal(["rbind", "ro"], m.Options));
        Assert.Contains($"HOSTNAME={Environment.MachineName}", spec.Process!.Env);
    }

    [Fact]
    public void Limits_land_in_the_control_group()
    {
        var resources = Generate(Minimal with { Memory = 64 << 20, Cpus = 1.5, CpuShares = 512, PidsLimit = 10 }).Linux!.Resources!;

        Assert.Equal(64 << 20, resources.Memory!.Limit);
        Assert.Equal((150_000L, 100_000UL, 512UL), (resources.Cpu!.Quota!.Value, resources.Cpu.Period!.Value, resources.Cpu.Shares!.Value));
        Assert.Equal(10, resources.Pids!.Limit);
    }

    [Theory]
    [InlineData(0d)]
    [InlineData(-1d)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Impossible_processors_are_refused(double cpus) =>
        Assert.Throws<FormatException>(() => Generate(Minimal with { Cpus = cpus }));

    [Fact]
    public void A_limit_given_replaces_the_default_one()
    {
        var limits = Generate(Minimal with { Rlimits = [RlimitParser.Parse("nofile=10:20"), RlimitParser.Parse("core=0")] }).Process!.Rlimits;

        Assert.Equal([("RLIMIT_NOFILE", 10UL, 20UL), ("RLIMIT_CORE", 0UL, 0UL)], limits.Select(l => (l.Type, l.Soft, l.Hard)));
    }

    [Fact]
    public void Capabilities_are_added_and_dropped_by_either_name()
    {
        var added = Capabilities(["net_admin", "CAP_SYS_TIME", "CHOWN"], []);
        Assert.Equal([.. LinuxCapabilities.Default, "CAP_NET_ADMIN", "CAP_SYS_TIME"], added);
        Assert.Equal(LinuxCapabilities.Default.Except(["CAP_KILL", "CAP_CHOWN"]), Capabilities([], ["kill", "CAP_CHOWN"]));
        Assert.Equal(["CAP_KILL"], Capabilities(["KILL"], ["all"]));
        Assert.Equal(LinuxCapabilities.Current().Order(), Capabilities(["ALL"], []).Order());
        Assert.DoesNotContain("CAP_KILL", Capabilities(["ALL"], ["KILL"]));
        Assert.Contains("NET_ADMIN", Assert.Throws<FormatException>(() => Capabilities(["NET_ADMINISTRATOR"], [])).Message, StringComparison.Ordinal);
    }

    private static List<string> Capabilities(string[] add, string[] drop)
    {
        var sets = Generate(Minimal with { CapabilityAdd = add, CapabilityDrop = drop }).Process!.Capabilities!;
        Assert.Equal(sets.Bounding, sets.Effective);
        Assert.Equal(sets.Bounding, sets.Permitted);
        Assert.Empty(sets.Inheritable);
        return sets.Bounding;
    }

    [SkippableFact]
    public void Privileged_is_what_ctr_run_privileged_makes()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "devices are read from a Linux /dev");
        var spec = Generate(Minimal with { Privileged = true });

        Assert.Empty(spec.Linux!.MaskedPaths);
        Assert.Empty(spec.Linux.ReadonlyPaths);
        Assert.Equal(["nosuid", "noexec", "nodev", "rw"], spec.Mounts.Single(m => m.Type == "sysfs").Options);
        Assert.Equal(LinuxCapabilities.Current(), spec.Process!.Capabilities!.Bounding);
        var rule = Assert.Single(spec.Linux.Resources!.Devices);
        Assert.True(rule is { Allow: true, Access: "rwm", Type: null, Major: null });
        Assert.Contains(spec.Linux.Devices, d => d is { Path: "/dev/null", Type: "c", Major: 1, Minor: 3 });
        Assert.DoesNotContain(spec.Linux.Devices, d => d.Path == "/dev/console" || d.Path.StartsWith("/dev/pts/", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void A_device_gets_its_node_and_its_rule()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "devices are read from a Linux /dev");
        var linux = Generate(Minimal with { Devices = [DeviceParser.Parse("/dev/zero:/dev/naught:r")] }).Linux!;

        var device = Assert.Single(linux.Devices);
        Assert.Equal(("/dev/naught", "c", 1L, 5L), (device.Path, device.Type, device.Major, device.Minor));
        Assert.Equal(0x1B6u, device.FileMode);
        Assert.True(linux.Resources!.Devices[^1] is { Allow: true, Type: "c", Major: 1, Minor: 5, Access: "r" });
    }

    [SkippableFact]
    public void What_is_no_device_is_refused_by_name()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "devices are read from a Linux /dev");

        Assert.Contains("'/etc/passwd' is not a device", Refused("/etc/passwd"), StringComparison.Ordinal);
        Assert.Contains("'/dev/no-such-thing' can't be read", Refused("/dev/no-such-thing"), StringComparison.Ordinal);

        static string Refused(string path) =>
            Assert.Throws<FormatException>(() => Generate(Minimal with { Devices = [new(path, path, "rwm")] })).Message;
    }

    [Fact]
    public void The_rest_lands_where_it_belongs()
    {
        var spec = Generate(Minimal with
        {
            Hostname = "box",
            ReadOnly = true,
            RootFsPath = "/srv/root",
            CgroupsPath = "/mine",
            Annotations = new Dictionary<string, string> { ["a"] = "b" },
            Mounts = [MountParser.Parse("/a:/b:ro")],
        });

        Assert.Equal("box", spec.Hostname);
        Assert.True(spec.Root is { Readonly: true, Path: "/srv/root" });
        Assert.Equal("/mine", spec.Linux!.CgroupsPath);
        Assert.Equal("b", spec.Annotations["a"]);
        Assert.Equal("/b", spec.Mounts[^1].Destination);
        Assert.DoesNotContain("cgroupsPath", Generate(Minimal with { CgroupsPath = "" }).ToJson(), StringComparison.Ordinal);
    }
}
