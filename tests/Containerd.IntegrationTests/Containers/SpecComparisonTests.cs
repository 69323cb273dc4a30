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

    /// <summary>Every difference that is intended, and why; a place that is not named here must be the same.</summary>
    private static readonly (string Place, string Why)[] s_intended =
    [
        ("ociVersion: ", "A released version, which every runtime takes, whatever the daemon was built with."),
        ("linux.maskedPaths: nothing → \"/sys/devices/virtual/powercap\"", "Energy counters leak secrets; 1.6.20 does not hide them yet."),
        ("annotations.app: \"web\" → nothing", "Labels are containerd's, annotations the runtime's; ctr makes one of the other."),
        ("linux.resources.cpu: nothing → {\"shares\":1024}", "What ctr run sets, and ctr containers create does not."),
        ("linux.resources.cpu.shares: nothing → 1024", "The same, beside a quota."),
    ];

    /// <summary>ctr's command and flags, and our options for the same.</summary>
    private static readonly Dictionary<string, (bool Run, string[] Flags, ContainerSpecOptions Options)> s_cases = new()
    {
        ["defaults"] = (false, [], Options),
        ["started"] = (true, [], Options),
        ["user by ids"] = (true, ["--user", "1000:2000"], Options with { User = "1000:2000" }),
        ["user by name"] = (true, ["--user", "root"], Options with { User = "root" }),
        ["mount"] = (false, ["--mount", "type=bind,src=/tmp,dst=/host,options=rbind:ro"], Options with { Mounts = [MountParser.Parse("type=bind,src=/tmp,dst=/host,options=rbind:ro")] }),
        ["environment"] = (false, ["--env", "A=1", "--env", "PATH=/bin"], Options with { Environment = ["A=1", "PATH=/bin"] }),
        ["working directory"] = (false, ["--cwd", "/tmp"], Options with { WorkingDirectory = "/tmp" }),
        ["terminal"] = (false, ["--tty"], Options with { Terminal = true }),
        ["read-only"] = (false, ["--read-only"], Options with { ReadOnly = true }),
        ["privileged"] = (false, ["--privileged"], Options with { Privileged = true }),
        ["host network"] = (false, ["--net-host"], Options with { HostNetwork = true }),
        ["memory"] = (false, ["--memory-limit", "67108864"], Options with { Memory = 64 << 20 }),
        ["processors"] = (true, ["--cpus", "1.5"], Options with { Cpus = 1.5 }),
        ["quota"] = (false, ["--cpu-quota", "150000", "--cpu-period", "100000"], Options with { Cpus = 1.5 }),
        ["capabilities"] = (false, ["--cap-add", "CAP_NET_ADMIN", "--cap-drop", "CAP_CHOWN"], Options with { CapabilityAdd = ["NET_ADMIN"], CapabilityDrop = ["CHOWN"] }),
        ["device"] = (false, ["--device", "/dev/null"], Options with { Devices = [DeviceParser.Parse("/dev/null")] }),
        ["annotation"] = (false, ["--annotation", "a=b", "--label", "app=web"], Options with { Annotations = new Dictionary<string, string> { ["a"] = "b" } }),
    };

    /// <summary>The names of the cases.</summary>
    public static TheoryData<string> Cases => [.. s_cases.Keys];

    private static ContainerSpecOptions Options => new() { Id = Id, Command = s_sleep };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task The_stored_spec_is_that_of_ctr_but_for_intended_differences(string name)
    {
        daemon.Require();
        var (run, flags, options) = s_cases[name];
        Skip.If(flags.Contains("--user") && daemon.Version < new Version(1, 7), "ctr has no --user before containerd 1.7.");
        await daemon.RunCtrAsync("images", "import", Path.Combine(daemon.ImagesDirectory, "busybox.tar"));

        var theirs = await SpecOfCtrAsync(run, flags);
        var ours = await OurSpecAsync(options);

        string[] unintended = [.. JsonDifference.Between(theirs, ours).Where(IsUnintended)];
        Assert.Empty(unintended);
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
