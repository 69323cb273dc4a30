using System.Text.Json;
using Containerd.Client;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Specs that are edited, and what only the runtime reads.</summary>
public sealed class InsideSpecTests(DaemonFixture daemon) : InsideTests(daemon)
{
    [SkippableFact]
    public async Task What_is_changed_in_a_spec_is_what_the_process_sees()
    {
        Daemon.Require();
        var options = Shell("echo $EDITED; hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start; umask; cat /proc/self/oom_score_adj; grep ' /edited ' /proc/self/mounts | cut -d ' ' -f 3; ls /proc/keys");
        var spec = await Daemon.Client.Containers.GenerateSpecAsync(options.SpecOptions, Image).WaitAsync(Hang);
        spec.Process!.Env.Add("EDITED=yes");
        spec.Process.User.Umask = 0x3F;
        spec.Process.OomScoreAdj = 321;
        spec.Hostname = "edited";
        spec.Domainname = "domain";
        spec.Linux!.Sysctl["net.ipv4.ip_unprivileged_port_start"] = "99";
        spec.Linux.MaskedPaths.Clear();
        spec.Mounts.Add(new() { Type = "tmpfs", Source = "tmpfs", Destination = "/edited" });

        Assert.Equal("yes\nedited\n(none)\n99\n0077\n321\ntmpfs\n/proc/keys\n", await OutputAsync(options with { Spec = spec }));
    }

    [SkippableFact]
    public async Task A_section_that_has_no_property_reaches_the_runtime()
    {
        Daemon.Require();
        var options = Shell("mkdir /tmp/made; ls /tmp");
        var spec = await Daemon.Client.Containers.GenerateSpecAsync(options.SpecOptions, Image).WaitAsync(Hang);
        spec.Linux!.AdditionalProperties = new()
        {
            ["seccomp"] = JsonDocument.Parse("""
                {"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64"],
                 "syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}
                """).RootElement,
        };

        var (output, error, _) = await RunAsync(options with { Spec = spec });

        Assert.Equal("", output);
        Assert.Contains("Operation not permitted", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Annotations_are_in_the_spec_that_is_stored_and_that_the_runtime_reads()
    {
        var annotations = new Dictionary<string, string> { ["a.b/c"] = "d \"e\"", ["empty"] = "" };
        var id = await RunningAsync(options => options with { Annotations = annotations });

        var stored = (await Daemon.Client.Containers.GetSpecAsync(id)).Annotations;
        var bundle = CtrSpec.Parse(await File.ReadAllBytesAsync(
            Path.Combine(Daemon.State, "io.containerd.runtime.v2.task", Daemon.Namespace, id, "config.json"))).Annotations;

        Assert.Equal(annotations, stored);
        Assert.Equal(annotations, bundle);
        await RemoveAsync(id);
    }
}
