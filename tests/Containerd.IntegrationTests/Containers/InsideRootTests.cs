using System.Runtime.Versioning;
using Containerd.Client;
using Containerd.IntegrationTests.Images;

namespace Containerd.IntegrationTests.Containers;

/// <summary>Where the root file system comes from, and the runtime that mounts it.</summary>
public sealed class InsideRootTests(DaemonFixture daemon) : InsideTests(daemon), IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("containerd-test-root.").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [SkippableTheory]
    [InlineData("overlayfs", "overlay")]
    [InlineData("native", null)]
    public async Task The_root_is_the_snapshotters_and_each_container_has_its_own(string snapshotter, string? type)
    {
        var first = await OutputAsync(Shell("echo mine > /tmp/file; cat /tmp/file; grep ' / ' /proc/self/mounts") with { Snapshotter = snapshotter });
        var second = await OutputAsync(Shell("ls /tmp; touch /tmp/writable") with { Snapshotter = snapshotter });

        var mount = first.Split('\n')[1].Split(' ')[2];
        Assert.StartsWith("mine\n", first, StringComparison.Ordinal);
        Assert.Equal(type is not null, mount == "overlay");
        Assert.Equal("", second);
    }

    [SkippableFact]
    public async Task A_directory_of_the_host_is_the_root()
    {
        var root = MakeRoot();

        var output = await OutputAsync(new ContainerCreateOptions
        {
            SpecOptions = new()
            {
                Id = "directory",
                RootFsPath = root,
                Command = ["sh", "-c", "cat /marker; echo $PWD; echo written > file"],
                WorkingDirectory = "/home/app",
            },
        });

        Assert.Equal("marked\n/home/app\n", output);
        Assert.Equal("written\n", await File.ReadAllTextAsync(Path.Combine(root, "home/app/file")));
    }

    [SkippableFact]
    public async Task The_users_of_a_directory_are_its_own()
    {
        var root = MakeRoot();
        await File.AppendAllTextAsync(Path.Combine(root, "etc/passwd"), "own:x:77:78::/:/bin/sh\n");
        await File.AppendAllTextAsync(Path.Combine(root, "etc/group"), "more:x:79:own\n");

        var output = await OutputAsync(new ContainerCreateOptions
        {
            SpecOptions = new() { Id = "users", RootFsPath = root, Command = ["sh", "-c", "echo $(id -u) $(id -G)"], User = "own", ReadOnly = true },
        });

        Assert.Equal("77 78 79\n", output);
    }

    [SkippableFact]
    [SupportedOSPlatform("linux")]
    public async Task A_runtime_of_ones_own_is_called_and_keeps_its_state_where_it_is_told()
    {
        Daemon.Require();
        var (log, runtime, state) = (Path.Combine(_directory, "calls"), Path.Combine(_directory, "runtime"), Path.Combine(_directory, "state"));
        await File.WriteAllTextAsync(runtime, $"#!/bin/sh\necho \"$@\" >> {log}\nexec runc \"$@\"\n");
        File.SetUnixFileMode(runtime, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var options = Shell(Sleeping) with
        {
            RuntimeOptions = new Dictionary<string, object?> { ["BinaryName"] = runtime, ["Root"] = state },
        };
        var id = (await Daemon.Client.Containers.CreateAsync(options).WaitAsync(Hang)).Id;

        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        var inside = await ExecAsync(id, "echo", "inside");
        var kept = File.Exists(Path.Combine(state, Daemon.Namespace, id, "state.json"));
        await RemoveAsync(id);

        Assert.Equal("inside\n", inside.StandardOutput);
        Assert.True(kept);
        Assert.False(Directory.Exists(Path.Combine(state, Daemon.Namespace, id)));
        var calls = await File.ReadAllLinesAsync(log);
        Assert.All(["create", "start", "exec", "delete"], verb => Assert.Contains(calls, call => call.Contains($" {verb} ", StringComparison.Ordinal)));
    }

    private string MakeRoot()
    {
        Daemon.Require();
        var root = Directory.CreateDirectory(Path.Combine(_directory, "root")).FullName;
        BusyboxLayer.ExtractTo(Daemon.ImagesDirectory, root);
        File.WriteAllText(Path.Combine(root, "marker"), "marked\n");
        return root;
    }
}
