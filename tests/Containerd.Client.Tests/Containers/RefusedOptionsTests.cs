namespace Containerd.Client.Tests.Containers;

/// <summary>Bad input is refused with a message that says what is allowed, before the daemon is asked: there is none here.</summary>
public sealed class RefusedOptionsTests : IDisposable
{
    private static readonly ContainerSpecOptions s_good = new() { Id = "good", Command = ["true"] };

    private static readonly Dictionary<string, (ContainerSpecOptions Options, string Allowed)> s_specs = new()
    {
        ["no memory"] = (s_good with { Memory = 0 }, "more than 0 bytes"),
        ["negative memory"] = (s_good with { Memory = -1 }, "more than 0 bytes"),
        ["no processors"] = (s_good with { Cpus = 0 }, "from 0.01 to 1000000"),
        ["negative processors"] = (s_good with { Cpus = -0.5 }, "from 0.01 to 1000000"),
        ["no number of processors"] = (s_good with { Cpus = double.NaN }, "from 0.01 to 1000000"),
        ["no processes"] = (s_good with { PidsLimit = 0 }, "1 or more"),
        ["a variable without a name"] = (s_good with { Environment = ["GOOD=1", "=x"] }, "KEY=VALUE"),
        ["a variable with a NUL"] = (s_good with { Environment = ["A=\0"] }, "KEY=VALUE"),
        ["a relative directory"] = (s_good with { WorkingDirectory = "home" }, "an absolute path"),
        ["a relative root"] = (s_good with { RootFsPath = "root" }, "an absolute path"),
        ["the host's root"] = (s_good with { RootFsPath = "/" }, "not its own root"),
        ["a root with parents"] = (s_good with { RootFsPath = "/srv/../etc" }, "without '..'"),
        ["an added capability"] = (s_good with { CapabilityAdd = ["FLY"] }, "such as NET_ADMIN"),
        ["a dropped capability"] = (s_good with { CapabilityDrop = ["FLY"] }, "such as NET_ADMIN"),
        ["a long host name"] = (s_good with { Hostname = new string('é', 33) }, "64 bytes at most"),
        ["an annotation without a key"] = (s_good with { Annotations = new Dictionary<string, string> { [""] = "x" } }, "key=value"),
        ["a relative mount"] = (s_good with { Mounts = [new() { Type = "tmpfs", Destination = "tmp" }] }, "an absolute path inside the container"),
        ["a mount over the root"] = (s_good with { Mounts = [new() { Type = "tmpfs", Destination = "/" }] }, "an absolute path inside the container"),
        ["a mount with parents"] = (s_good with { Mounts = [new() { Type = "tmpfs", Destination = "/a/../b" }] }, "without '..'"),
        ["a relative source"] = (s_good with { Mounts = [new() { Type = "bind", Source = "a", Destination = "/b" }] }, "an absolute path of the daemon's host"),
        ["a bind without a source"] = (s_good with { Mounts = [new() { Type = "none", Destination = "/b", Options = ["rbind"] }] }, "an absolute path of the daemon's host"),
        ["an unknown limit"] = (s_good with { Rlimits = [new() { Type = "RLIMIT_LUCK" }] }, "one of as, core"),
        ["a limit without its prefix"] = (s_good with { Rlimits = [new() { Type = "nofile" }] }, "one of as, core"),
        ["a soft limit above the hard"] = (s_good with { Rlimits = [new() { Type = "RLIMIT_CORE", Soft = 2, Hard = 1 }] }, "the same or less"),
        ["a relative device"] = (s_good with { Devices = [new("dev/null", "/dev/null", "rwm")] }, "/host/path"),
        ["an unknown access"] = (s_good with { Devices = [new("/dev/null", "/dev/null", "x")] }, "letters of rwm"),
    };

    private readonly ContainerdClient _client = ContainerdClient.Create(ContainerdAddress.Parse("/nowhere/containerd.sock"));

    public static TheoryData<string> Specs => [.. s_specs.Keys];

    public void Dispose() => _client.Dispose();

    [Theory]
    [MemberData(nameof(Specs))]
    public async Task A_spec_option_is_refused(string what)
    {
        var (options, allowed) = s_specs[what];

        await RefusedAsync("InvalidSpecOption", allowed, () => _client.Containers.CreateAsync(new() { SpecOptions = options, Image = "busybox" }));
        await RefusedAsync("InvalidSpecOption", allowed, () => _client.Containers.GenerateSpecAsync(options, "busybox"));
    }

    [Fact]
    public async Task What_is_allowed_reaches_for_the_daemon()
    {
        var options = s_good with
        {
            Memory = 1, Cpus = 0.01, PidsLimit = 1, Environment = ["A=", "B"], WorkingDirectory = "/", RootFsPath = "/srv", CapabilityDrop = ["all"],
            Hostname = new string('a', 64), Mounts = [new() { Type = "bind", Source = "/", Destination = "/host" }, new() { Type = "tmpfs", Destination = "/t" }],
            Rlimits = [new() { Type = "RLIMIT_CORE" }], Devices = [new("/dev", "/host/dev", "r")],
        };

        var error = await Assert.ThrowsAsync<CtrException>(() => _client.Containers.CreateAsync(new() { SpecOptions = options }));

        Assert.Equal(CtrErrorKind.Unavailable, error.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    [InlineData("-a")]
    public async Task An_identifier_is_refused(string id)
    {
        const string Allowed = "letters, digits, and between them single '.', '_' or '-'";

        await RefusedAsync("InvalidContainerId", Allowed, () => _client.Containers.CreateAsync(new() { SpecOptions = s_good with { Id = id } }));
        await RefusedAsync("InvalidContainerId", Allowed, () => _client.Tasks.StartAsync(id));
        await RefusedAsync("InvalidExecId", Allowed, () => _client.Tasks.StartExecAsync("good", new() { Command = ["true"], ExecId = id }));
        await RefusedAsync("InvalidExecId", "that of the container", () => _client.Tasks.StartExecAsync("good", new() { Command = ["true"], ExecId = "good" }));
        await RefusedAsync("InvalidNamespace", Allowed, () => Task.FromResult(_client.WithNamespace(id)));
    }

    [Theory]
    [InlineData("", "value", "key=value is wanted")]
    [InlineData("key", "", "key=value is wanted")]
    [InlineData("key", "4096", "4096 together")]
    public async Task A_label_is_refused(string key, string value, string allowed)
    {
        var labels = new Dictionary<string, string> { [key] = value == "4096" ? new string('v', 4096) : value };

        await RefusedAsync("InvalidContainerOption", allowed, () => _client.Containers.CreateAsync(new() { SpecOptions = s_good, Labels = labels }));
        await RefusedAsync("InvalidLabel", allowed, () => _client.Containers.UpdateAsync("good", new() { Labels = labels }));
    }

    [Theory]
    [InlineData('v', 4095)]
    [InlineData('ü', 2047)]
    public void A_label_has_4096_bytes_at_most_counted_in_utf8(char value, int most)
    {
        ContainerLabel.Validate("k", new string(value, most));
        Assert.Throws<FormatException>(() => ContainerLabel.Validate("k", new string(value, most + 1)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SIGNOSUCH")]
    [InlineData("65")]
    public Task A_stop_signal_is_refused(string signal) => RefusedAsync(
        "InvalidContainerOption", "a name such as SIGTERM", () => _client.Containers.CreateAsync(new() { SpecOptions = s_good, StopSignal = signal }));

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    [InlineData(-9)]
    public Task A_signal_that_is_sent_is_refused(int signal) =>
        RefusedAsync("InvalidSignal", "1 to 64", () => _client.Tasks.SendSignalAsync("good", signal));

    private static async Task RefusedAsync(string errorId, string allowed, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<CtrException>(call);
        Assert.Equal((errorId, CtrErrorKind.InvalidArgument), (error.ErrorId, error.Kind));
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }
}
