using Containerd.Client.Oci;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Mounts, paths and the root file system's mode.</summary>
public sealed class InsideFilesTests(DaemonFixture daemon) : InsideTests(daemon), IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("containerd-test-mount.").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [SkippableTheory]
    [InlineData("{0}:/host")]
    [InlineData("{0}:/host:rw")]
    [InlineData("type=bind,src={0},dst=/host,options=rbind:rw")]
    public async Task A_directory_of_the_host_is_read_and_written(string mount)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "from-host"), "hello");

        var output = await OutputAsync("cat /host/from-host; echo hi > /host/from-container", options => options with { Mounts = [Mount(mount)] });

        Assert.Equal("hello", output);
        Assert.Equal("hi\n", await File.ReadAllTextAsync(Path.Combine(_directory, "from-container")));
    }

    [SkippableTheory]
    [InlineData("{0}:/host:ro")]
    [InlineData("type=bind,src={0},dst=/host,options=rbind:ro")]
    public async Task A_read_only_mount_is_read_and_not_written(string mount)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "from-host"), "hello");

        var (output, error, code) = await RunAsync(Shell("cat /host/from-host; echo hi > /host/from-container", options => options with { Mounts = [Mount(mount)] }));

        Assert.Equal(("hello", 1), (output, code));
        Assert.Contains("Read-only file system", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_directory, "from-container")));
    }

    [SkippableFact]
    public async Task A_single_file_is_mounted()
    {
        var file = Path.Combine(_directory, "file");
        await File.WriteAllTextAsync(file, "hello");

        Assert.Equal("hello", await OutputAsync("cat /etc/of/its/own", options => options with { Mounts = [MountParser.Parse($"{file}:/etc/of/its/own:ro")] }));
    }

    [SkippableFact]
    public async Task A_tmpfs_has_its_own_size()
    {
        var (output, error, _) = await RunAsync(Shell(
            "grep ' /scratch ' /proc/self/mounts | cut -d ' ' -f 1-3; stat -c %a /scratch; dd if=/dev/zero of=/scratch/x bs=64k count=17",
            options => options with { Mounts = [MountParser.Parse("type=tmpfs,src=tmpfs,dst=/scratch,options=size=1m:mode=1777")] }));

        Assert.Equal("tmpfs /scratch tmpfs\n1777\n", output);
        Assert.Contains("No space left on device", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_tmpfs_needs_no_source() => Assert.Equal(
        "tmpfs\n",
        await OutputAsync("grep ' /scratch ' /proc/self/mounts | cut -d ' ' -f 3", options => options with { Mounts = [MountParser.Parse("type=tmpfs,dst=/scratch")] }));

    [SkippableFact]
    public async Task A_mount_whose_source_is_not_there_is_named_and_leaves_nothing()
    {
        var id = await ContainerAsync(options => options with { Mounts = [MountParser.Parse("/no/such/place:/host")] }, ["true"]);

        var error = await Assert.ThrowsAsync<CtrException>(() => Tasks.StartAsync(id).WaitAsync(Hang));

        Assert.Contains("/no/such/place", error.Message, StringComparison.Ordinal);
        Assert.NotEqual("CommandNotFound", error.ErrorId);
        Assert.Empty(await Tasks.ListAsync());
        await RemoveAsync(id);
    }

    [SkippableFact]
    public async Task A_read_only_root_takes_no_files_but_its_mounts_do()
    {
        var (output, error, code) = await RunAsync(Shell(
            "echo x > /run/x && echo x > /dev/shm/x && echo x > /host/x && echo mounts; echo x > /tmp/x",
            options => options with { ReadOnly = true, Mounts = [Mount("{0}:/host")] }));

        Assert.Equal(("mounts\n", 1), (output, code));
        Assert.Contains("Read-only file system", error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(null, "/")]
    [InlineData("/home/app", "/home/app")]
    [InlineData("/not/there/yet", "/not/there/yet")]
    public async Task The_process_starts_in_its_working_directory_which_is_made_where_it_is_missing(string? directory, string expected) =>
        Assert.Equal($"{expected}\n", await OutputAsync("pwd", options => options with { WorkingDirectory = directory }));

    [SkippableFact]
    public async Task Paths_that_tell_of_the_host_are_hidden()
    {
        string[] hidden =
        [
            "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
            "/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi",
        ];
        string[] there = [.. hidden.Where(Path.Exists)];
        Skip.If(there.Length == 0, "This machine has none of the paths.");

        var output = await OutputAsync($"for path in {string.Join(' ', there)}; do if [ -d $path ]; then ls $path; else cat $path; fi; done; cut -d ' ' -f 2 /proc/self/mounts | sort");

        // Nothing was read before the list of mounts begins.
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("/", line, StringComparison.Ordinal));
        Assert.Superset(there.ToHashSet(), lines.ToHashSet());
    }

    [SkippableFact]
    public async Task Settings_of_the_kernel_are_read_only()
    {
        var lines = await LinesAsync("cat /proc/self/mounts");

        foreach (var path in new[] { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" }.Where(Path.Exists))
        {
            Assert.Contains(lines, line => line.StartsWith($"proc {path} proc ro,", StringComparison.Ordinal));
        }

        Assert.Contains(lines, line => line.StartsWith("sysfs /sys sysfs ro,", StringComparison.Ordinal));
    }

    private CtrSpecMount Mount(string text) => MountParser.Parse(text.Replace("{0}", _directory, StringComparison.Ordinal));
}
