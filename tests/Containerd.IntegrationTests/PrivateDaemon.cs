using System.Diagnostics;
using System.Runtime.InteropServices;
using Containerd.Client;

namespace Containerd.IntegrationTests;

/// <summary>
/// A containerd that belongs to one test class, of the version that the others use, so that it can be killed, stopped and
/// starved. It ends with the class, and so does all that it started.
/// </summary>
public sealed partial class PrivateDaemon : IAsyncLifetime
{
    private const int SigKill = 9, SigStop = 19;

    private readonly Dictionary<string, string> _variables = [];

    // runc keeps its state by namespace and id for all daemons of a machine.
    private readonly string _namespace = $"faults-{Guid.NewGuid():N}";

    public static Version Version => Version.Parse(Shared("VERSION"));

    public string Directory => _variables["DIR"];

    public string Address => _variables["ADDRESS"];

    public string Root => _variables["ROOT"];

    public string State => _variables["STATE"];

    public int Pid => int.Parse(_variables["PID"]);

    /// <summary>Where clients keep what belongs to containers.</summary>
    public string StateDirectory => Path.Combine(Directory, "clients");

    /// <summary>Skips the test where no daemons are at hand; else starts it, the first time.</summary>
    public async Task RequireAsync()
    {
        Skip.If(Shared("ADDRESS").Length == 0, "No containerd: CONTAINERD_TEST_ADDRESS isn't set; ./build.sh test sets it.");
        if (_variables.Count == 0)
        {
            await RunAsync("start", Version.Major == 1 ? Version.ToString(2) : "2.x");
        }
    }

    public ContainerdClient Connect(string? @namespace = null) => ContainerdClient.Create(
        ContainerdAddress.Parse(Address), @namespace ?? _namespace, new ContainerdClientOptions { StateDirectory = StateDirectory });

    /// <summary>Gives a namespace the busybox image.</summary>
    public static Task ImportAsync(ContainerdClient client) =>
        client.Images.ImportAsync(Path.Combine(Shared("IMAGES"), "busybox.tar"));

    /// <summary>Ends the daemon at once (SIGKILL); shims and their processes live on.</summary>
    public async Task KillAsync()
    {
        Send(Pid, SigKill);
        var guard = Stopwatch.StartNew();
        while (StateOf($"/proc/{Pid}") is not (null or 'Z'))
        {
            Assert.True(guard.Elapsed < TimeSpan.FromSeconds(30), "The daemon did not end.");
            await Task.Delay(5);
        }
    }

    /// <summary>Starts the daemon again and waits until it serves.</summary>
    public Task RestartAsync() => RunAsync("restart", Directory);

    /// <summary>The process id of a container's shim.</summary>
    public int ShimOf(string id)
    {
        foreach (var process in System.IO.Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                var arguments = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0');
                if (arguments.Contains(Address) && Array.IndexOf(arguments, "-id") is var at and > 0 && arguments[at + 1] == id)
                {
                    return int.Parse(Path.GetFileName(process));
                }
            }
            catch (IOException)
            {
                // It is no process, or has ended.
            }
        }

        throw new InvalidOperationException($"{id} has no shim.");
    }

    /// <summary>Stops a process and waits until each of its threads has stopped.</summary>
    public static async Task FreezeAsync(int pid)
    {
        Send(pid, SigStop);
        var guard = Stopwatch.StartNew();
        while (System.IO.Directory.EnumerateDirectories($"/proc/{pid}/task").Any(thread => StateOf(thread) is not (null or 'T')))
        {
            Assert.True(guard.Elapsed < TimeSpan.FromSeconds(30), "The process did not stop.");
            await Task.Delay(5);
        }
    }

    public static void Send(int pid, int signal) => Assert.Equal(0, Kill(pid, signal));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_variables.Count > 0)
        {
            await RunAsync("stop", Directory);
        }
    }

    private static string Shared(string name) => Environment.GetEnvironmentVariable($"CONTAINERD_TEST_{name}") ?? "";

    /// <summary>The state of a process or thread by its directory in /proc; null where it has ended.</summary>
    private static char? StateOf(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "stat")).Split(") ")[^1][0];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private async Task RunAsync(params string[] arguments)
    {
        // The daemon inherits the streams: reading a pipe to its end would wait for the daemon's.
        var output = Path.GetTempFileName();
        try
        {
            using var process = Process.Start("bash", ["-c", "exec \"$@\" > \"$0\" 2> /dev/null < /dev/null", output, Script(), .. arguments]);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            Assert.True(process.ExitCode == 0, $"daemon.sh {string.Join(' ', arguments)} ended with {process.ExitCode}.");
            foreach (var line in await File.ReadAllLinesAsync(output))
            {
                if (line.Split('=', 2) is [var name, var value])
                {
                    _variables[name["CONTAINERD_TEST_".Length..]] = value;
                }
            }
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static string Script()
    {
        var directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "build.sh")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return Path.Combine(directory ?? throw new InvalidOperationException("This is not in the repository."), "tests/daemon/daemon.sh");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
