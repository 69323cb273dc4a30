using System.Runtime.Versioning;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Runtimes beside the shim that containerd starts by default, and what they are told.</summary>
public sealed class RuntimeTests(DaemonFixture daemon) : TaskTests(daemon), IDisposable
{
    private const string RuncV1 = "io.containerd.runc.v1";

    private readonly string _directory = Directory.CreateTempSubdirectory("containerd-test-runtime.").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [SkippableTheory]
    [InlineData(RuntimeV1)]
    [InlineData(RuncV1)]
    [InlineData(DefaultRuntime)]
    public async Task A_task_of_any_runtime_runs_with_its_streams_and_execs_and_is_removed(string runtime)
    {
        RequireRuntime(runtime);
        var before = await TracesAsync();
        var id = await ContainerAsync(
            options => options with { User = "app" },
            ["sh", "-c", "trap 'exit 5' TERM; echo again > /dev/stdout; cat; while :; do sleep 0.1; done"],
            runtime: runtime);

        await using (var task = await Tasks.StartAttachedAsync(id, standardInput: true).WaitAsync(Hang))
        {
            await using var lines = task.ReadLinesAsync(new CancellationTokenSource(Hang).Token).GetAsyncEnumerator();
            Assert.True(await lines.MoveNextAsync());

            // The pipes are the user's own, for which the runtime's options are needed.
            Assert.Equal("again", lines.Current.Text);
            using var input = new MemoryStream("read\n"u8.ToArray());
            Assert.True(await task.CopyInputAsync(input).WaitAsync(Hang));
            Assert.True(await lines.MoveNextAsync());
            Assert.Equal("read", lines.Current.Text);
            await using var exec = await Tasks.StartExecAsync(id, new ExecOptions { ExecId = "e1", Command = ["sleep", "3600"] }).WaitAsync(Hang);
            var processes = await Tasks.ListProcessesAsync(id).WaitAsync(Hang);
            Assert.Equal(task.Pid, processes.Single(process => process.Kind == CtrProcessKind.Init).Pid);
            Assert.Equal(("e1", exec.Pid), processes.Where(process => process.Kind == CtrProcessKind.Exec).Select(process => (process.ExecId, process.Pid)).Single());
            Assert.Equal("done\n", (await ExecAsync(id, "sh", "-c", "echo done > /dev/stdout")).StandardOutput);
            await AssertErrorAsync("ExecNotFound", CtrErrorKind.NotFound, () => Tasks.GetExecAsync(id, "e2"));
            Assert.Equal(137, (await Tasks.ForceDeleteAsync(id, "e1").WaitAsync(Hang)).ExitCode);
            await Tasks.SendSignalAsync(id, 15).WaitAsync(Hang);
            Assert.Equal(5, (await task.CompleteAsync().WaitAsync(Hang)).ExitCode);
        }

        Assert.Equal(CtrTaskStatus.Stopped, (await Tasks.GetAsync(id)).Status);
        Assert.Equal(5, (await Tasks.DeleteAsync(id).WaitAsync(Hang)).ExitCode);
        await Daemon.Client.Containers.DeleteAsync(id).WaitAsync(Hang);
        Assert.Equal(before, await TracesAsync());
    }

    [SkippableTheory]
    [InlineData(RuntimeV1, "Runtime", "RuntimeRoot")]
    [InlineData(RuncV1, "BinaryName", "Root")]
    [InlineData(DefaultRuntime, "BinaryName", "Root")]
    [SupportedOSPlatform("linux")]
    public async Task The_options_of_a_runtime_reach_it(string runtime, string binaryName, string root)
    {
        RequireRuntime(runtime);
        var (log, binary, state) = (Path.Combine(_directory, "calls"), Path.Combine(_directory, "runtime"), Path.Combine(_directory, "state"));
        await File.WriteAllTextAsync(binary, $"#!/bin/sh\necho \"$@\" >> {log}\nexec runc \"$@\"\n");
        File.SetUnixFileMode(binary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var values = new Dictionary<string, object?> { [binaryName] = binary, [root] = state };
        if (runtime != RuntimeV1)
        {
            values["NoPivotRoot"] = true;
        }

        var id = await ContainerAsync(options => options, ["true"], runtime: runtime, runtimeOptions: values);
        await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        Assert.Equal(0, (await Tasks.WaitAsync(id).WaitAsync(Hang)).ExitCode);
        await Daemon.Client.Containers.DeleteAsync(id, force: true).WaitAsync(Hang);

        var calls = await File.ReadAllLinesAsync(log);
        Assert.All(calls, call => Assert.Contains(state, call, StringComparison.Ordinal));
        var create = calls.Single(call => call.Contains(" create ", StringComparison.Ordinal));
        Assert.Equal(runtime != RuntimeV1, create.Contains(" --no-pivot ", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task The_options_of_Windows_s_shim_are_kept_as_it_reads_them()
    {
        Daemon.Require();
        var id = await ContainerAsync(
            options => options,
            ["cmd"],
            runtime: "io.containerd.runhcs.v1",
            runtimeOptions: new Dictionary<string, object?> { ["debug"] = true, ["DebugType"] = "etw", ["VmProcessorCount"] = 3 });

        var info = await Daemon.RunCtrAsync("containers", "info", id);

        Assert.Contains("\"containerd.runhcs.v1.Options\"", info, StringComparison.Ordinal);
        Assert.Contains(Convert.ToBase64String((byte[])[0x08, 1, 0x10, 2, 0x40, 3]), info, StringComparison.Ordinal);
    }
}
