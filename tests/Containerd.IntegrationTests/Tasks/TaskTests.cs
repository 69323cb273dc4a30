using System.Text;
using Containerd.Client;

namespace Containerd.IntegrationTests.Tasks;

/// <summary>Makes containers to run processes in, and tells what those left behind.</summary>
public abstract class TaskTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>, IAsyncLifetime
{
    protected const string DefaultRuntime = "io.containerd.runc.v2";
    protected const string RuntimeV1 = "io.containerd.runtime.v1.linux";
    protected const string Image = "docker.io/library/busybox:latest";

    /// <summary>Detects a hang; nothing is measured by it.</summary>
    protected static readonly TimeSpan Hang = TimeSpan.FromSeconds(90);

    protected DaemonFixture Daemon => daemon;

    protected TaskClient Tasks => daemon.Client.Tasks;

    public async Task InitializeAsync()
    {
        if (daemon.Address.Length > 0 && !await daemon.Client.Images.ListAsync().AnyAsync())
        {
            await daemon.Client.Images.ImportAsync(Path.Combine(daemon.ImagesDirectory, "busybox.tar"));
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>A container of the busybox image, not started.</summary>
    protected Task<string> ContainerAsync(params string[] command) => ContainerAsync(options => options, command);

    /// <summary>A container, with more options for its spec, its stop signal and its runtime.</summary>
    protected async Task<string> ContainerAsync(
        Func<ContainerSpecOptions, ContainerSpecOptions> specify,
        string[] command,
        string? stopSignal = null,
        string? runtime = null,
        IReadOnlyDictionary<string, object?>? runtimeOptions = null)
    {
        daemon.Require();
        var container = await daemon.Client.Containers.CreateAsync(new ContainerCreateOptions
        {
            Image = Image,
            SpecOptions = specify(new ContainerSpecOptions { Id = $"c-{Guid.NewGuid():N}", Command = command }),
            StopSignal = stopSignal,
            Runtime = runtime ?? DefaultRuntime,
            RuntimeOptions = runtimeOptions ?? new Dictionary<string, object?>(),
        }).WaitAsync(Hang);
        return container.Id;
    }

    /// <summary>A container whose first process does nothing until it is told to end, and hears it.</summary>
    protected async Task<string> RunningAsync(Func<ContainerSpecOptions, ContainerSpecOptions>? specify = null)
    {
        var id = await ContainerAsync(
            specify ?? (options => options), ["sh", "-c", "trap exit TERM; while :; do sleep 3600 & wait; done"]);
        var task = await Tasks.StartAsync(id, DetachedOutput.None).WaitAsync(Hang);
        await UntilAsync(async () => Catches(await File.ReadAllTextAsync($"/proc/{task.Pid}/status"), signal: 15));
        return id;

        static bool Catches(string status, int signal) => status.Split('\n').Single(line => line.StartsWith("SigCgt:", StringComparison.Ordinal)) is var line
            && (Convert.ToUInt64(line.Split('\t')[1], 16) & (1UL << (signal - 1))) != 0;
    }

    /// <summary>Skips the test where the daemon has no such runtime.</summary>
    protected void RequireRuntime(string runtime)
    {
        daemon.Require();
        Skip.If(runtime != DefaultRuntime && daemon.Version.Major >= 2, $"containerd {daemon.Version} has no runtime {runtime}: 2.0 removed it.");
    }

    /// <summary>Waits until something is so, and fails where that takes long.</summary>
    protected static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var hang = new CancellationTokenSource(Hang);
        while (!await condition())
        {
            await Task.Delay(10, hang.Token);
        }
    }

    protected Task<CtrExecResult> ExecAsync(string id, params string[] command) =>
        Tasks.ExecAsync(id, new ExecOptions { Command = command }).WaitAsync(Hang);

    protected static async Task<(string Output, string Error)> ReadAsync(RunningProcess process)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        await process.CopyOutputAsync(output, error).WaitAsync(Hang);
        return (Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    /// <summary>Fails unless a call ends with that error; gives its message.</summary>
    protected static async Task<string> AssertErrorAsync(string errorId, CtrErrorKind kind, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<CtrException>(() => call().WaitAsync(Hang));
        Assert.True((errorId, kind) == (error.ErrorId, error.Kind), $"{error.ErrorId} ({error.Kind}): {error.Message}");
        return error.Message;
    }

    /// <summary>All that a process may leave behind in this class's namespace, as lines that can be compared.</summary>
    protected async Task<string[]> TracesAsync()
    {
        var traces = new List<string>();
        foreach (var task in await Tasks.ListAsync())
        {
            traces.Add($"task {task.Id} {task.Status}");
        }

        traces.AddRange((await daemon.RunCtrAsync("snapshots", "list"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => "snapshot " + line.Split(' ')[0]));
        traces.AddRange(Shims().Select(shim => "shim of " + shim));
        traces.AddRange(Execs().Select(exec => "exec " + exec));
        traces.AddRange(StateFiles().Select(file => "file " + file));
        traces.Sort(StringComparer.Ordinal);
        return [.. traces];
    }

    /// <summary>The containers of this namespace for which a shim runs.</summary>
    protected IEnumerable<string> Shims()
    {
        foreach (var arguments in CommandLines().Select(line => line.Split('\0')))
        {
            if (arguments[0].Contains("containerd-shim", StringComparison.Ordinal) && arguments.Contains(daemon.Namespace))
            {
                yield return arguments[Array.IndexOf(arguments, "-id") + 1];
            }
        }
    }

    /// <summary>The command lines of all processes, their arguments apart by NUL.</summary>
    protected static IEnumerable<string> CommandLines()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            string line;
            try
            {
                line = File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (IOException)
            {
                continue;
            }

            yield return line;
        }
    }

    // A shim keeps the pid of each exec that it has in a file of its bundle, until the exec is deleted.
    private IEnumerable<string> Execs()
    {
        var bundles = new DirectoryInfo(Path.Combine(daemon.State, "io.containerd.runtime.v2.task", daemon.Namespace));
        return bundles.Exists
            ? bundles.EnumerateFiles("*.pid", SearchOption.AllDirectories).Where(file => file.Name != "init.pid").Select(file => file.Name)
            : [];
    }

    // The directories above those of containers stay.
    private IEnumerable<string> StateFiles()
    {
        var root = new DirectoryInfo(daemon.StateDirectory);
        return root.Exists
            ? root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root.FullName, file.FullName))
                .Where(path => path.Count(c => c == '/') >= 2 || (path.StartsWith("fifo/", StringComparison.Ordinal)))
            : [];
    }
}
