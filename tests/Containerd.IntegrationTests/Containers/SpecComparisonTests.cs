using System.Text.Json.Nodes;
using Containerd.Client;
using Containerd.Client.Oci;

namespace Containerd.IntegrationTests.Containers;

/// <summary>The spec that we store beside the one that this daemon's own ctr stores for the same input.</summary>
public sealed class SpecComparisonTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    private const string Image = "docker.io/library/busybox:latest";
    private const string Id = "compared";

    private static readonly string[] s_sleep = ["sleep", "600"];

    /// <summary>The differences that are intended wherever they occur, and why; others must be named by their case.</summary>
    private static readonly (string Place, string Why)[] s_intended =
    [
        ("ociVersion: ", "A released version, which every runtime takes, whatever the daemon was built with."),
        ("linux.maskedPaths: nothing → \"/sys/devices/virtual/powercap\"", "Energy counters leak secrets; 1.6.20 does not hide them yet."),
        ("linux.resources.cpu: nothing → {\"shares\":1024}", "What ctr run sets, and ctr containers create does not."),
        ("linux.resources.cpu.shares: nothing → 1024", "The same, beside a quota."),
    ];

    /// <summary>ctr's command and flags, our options for the same, and the difference that is intended, for which docs/spec.md has the reason.</summary>
    private static readonly Dictionary<string, (bool Run, string[] Flags, ContainerSpecOptions Options, string? Difference)> s_cases = new()
    {
        ["defaults"] = (false, [], Options, null),
        ["started"] = (true, [], Options, null),
        ["user by ids"] = (true, ["--user", "1000:2000"], Options with { User = "1000:2000" }, null),
        ["user by name"] = (true, ["--user", "root"], Options with { User = "root" }, null),
        ["mount"] = (false, ["--mount", "type=bind,src=/tmp,dst=/host,options=rbind:ro"], Options with { Mounts = [MountParser.Parse("type=bind,src=/tmp,dst=/host,options=rbind:ro")] }, null),
        ["environment"] = (false, ["--env", "A=1", "--env", "PATH=/bin"], Options with { Environment = ["A=1", "PATH=/bin"] }, null),
        ["working directory"] = (false, ["--cwd", "/tmp"], Options with { WorkingDirectory = "/tmp" }, null),
        ["terminal"] = (false, ["--tty"], Options with { Terminal = true }, null),
        ["read-only"] = (false, ["--read-only"], Options with { ReadOnly = true }, null),
        ["privileged"] = (false, ["--privileged"], Options with { Privileged = true }, null),
        ["host network"] = (false, ["--net-host"], Options with { HostNetwork = true }, null),
        ["memory"] = (false, ["--memory-limit", "67108864"], Options with { Memory = 64 << 20 }, null),
        ["processors"] = (true, ["--cpus", "1.5"], Options with { Cpus = 1.5 }, null),
        ["quota"] = (false, ["--cpu-quota", "150000", "--cpu-period", "100000"], Options with { Cpus = 1.5 }, null),
        ["capabilities"] = (false, ["--cap-add", "CAP_NET_ADMIN", "--cap-drop", "CAP_CHOWN"], Options with { CapabilityAdd = ["NET_ADMIN"], CapabilityDrop = ["CHOWN"] }, null),
        ["device"] = (false, ["--device", "/dev/null"], Options with { Devices = [DeviceParser.Parse("/dev/null")] }, null),
        ["variable alone"] = (false, ["--env", "PATH"], Options with { Environment = ["PATH"] }, "process.env: [\"PATH="),
        ["host's name"] = (false, ["--net-host", "--env", "HOSTNAME=mine"], Options with { HostNetwork = true, Environment = ["HOSTNAME=mine"] }, "process.env[1]: \"HOSTNAME="),
        ["terminal's kind"] = (false, ["--tty", "--env", "TERM=vt100"], Options with { Terminal = true, Environment = ["TERM=vt100"] }, "process.env: \"TERM=xterm\" → nothing"),
        ["bind mount"] = (false, ["--mount", "type=bind,src=/tmp,dst=/host,options=ro"], Options with { Mounts = [MountParser.Parse("type=bind,src=/tmp,dst=/host,options=ro")] }, "mounts[7].options: nothing → \"rbind\""),
        ["part of a processor"] = (true, ["--cpus", "0.29"], Options with { Cpus = 0.29 }, "linux.resources.cpu.quota: 28999 → 29000"),
        ["annotation"] = (false, ["--annotation", "a=b", "--label", "app=web"], Options with { Annotations = new Dictionary<string, string> { ["a"] = "b" } }, "annotations.app: \"web\" → nothing"),
    };

    /// <summary>The names of the cases.</summary>
    public static TheoryData<string> Cases => [.. s_cases.Keys];

    private static ContainerSpecOptions Options => new() { Id = Id, Command = s_sleep };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task The_stored_spec_is_that_of_ctr_but_for_intended_differences(string name)
    {
        daemon.Require();
        var (run, flags, options, difference) = s_cases[name];
        Skip.If(flags.Contains("--user") && daemon.Version < new Version(1, 7), "ctr has no --user before containerd 1.7.");
        await daemon.RunCtrAsync("images", "import", Path.Combine(daemon.ImagesDirectory, "busybox.tar"));

        var theirs = await SpecOfCtrAsync(run, flags);
        var ours = await OurSpecAsync(options);

        var differences = JsonDifference.Between(theirs, ours).Where(IsUnintended).ToLookup(
            found => difference is not null && found.StartsWith(difference, StringComparison.Ordinal));
        Assert.Empty(differences[false]);
        Assert.True(difference is null || differences[true].Any(), $"'{difference}' is no difference any more.");
    }

    private static bool IsUnintended(string difference) =>
        !s_intended.Any(intended => difference.StartsWith(intended.Place, StringComparison.Ordinal));

    private async Task<JsonNode> SpecOfCtrAsync(bool run, string[] flags)
    {
        try
        {
            string[] verb = run ? ["run", "--detach", "--null-io"] : ["containers", "create"];
            await daemon.RunCtrAsync([.. verb, .. flags, Image, Id, .. s_sleep]);
            return await StoredSpecAsync();
        }
        finally
        {
            if (run)
            {
                await daemon.RunCtrAsync("tasks", "delete", "--force", Id);
            }

            await daemon.RunCtrAsync("containers", "delete", Id);
        }
    }

    private async Task<JsonNode> OurSpecAsync(ContainerSpecOptions options)
    {
        using var client = new PrivateClient(daemon);
        await client.Containers.CreateAsync(new() { SpecOptions = options, Image = Image });
        try
        {
            return await StoredSpecAsync();
        }
        finally
        {
            await client.Containers.DeleteAsync(Id);
        }
    }

    private async Task<JsonNode> StoredSpecAsync() =>
        JsonNode.Parse(await daemon.RunCtrAsync("containers", "info", "--spec", Id))!;
}
