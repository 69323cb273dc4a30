using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests;

/// <summary>A containerd of one test's own, of the version that the others use, which may be killed and started again.</summary>
internal sealed class PrivateDaemon : IAsyncDisposable
{
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(2);

    private readonly string _script;
    private readonly string _path;
    private readonly string _program;
    private int _pid;

    private PrivateDaemon(string script, string directory, int pid)
    {
        _script = script;
        Directory = directory;
        _pid = pid;
        _program = File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)!.FullName;
        _path = File.ReadAllText($"/proc/{pid}/environ").Split('\0').Single(one => one.StartsWith("PATH=", StringComparison.Ordinal))["PATH=".Length..];
    }

    public string Directory { get; }

    public string Address => Path.Combine(Directory, "containerd.sock");

    public static async Task<PrivateDaemon> StartAsync(DaemonFixture daemon)
    {
        daemon.Require();
        var script = FindScript();
        var version = daemon.CtrPath.Split('/')[^4]["containerd-".Length..];
        var variables = (await RunAsync("bash", [script, "start", version])).Split('\n')
            .Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        return new PrivateDaemon(script, variables["CONTAINERD_TEST_DIR"], int.Parse(variables["CONTAINERD_TEST_PID"]));
    }

    public ContainerdClient Connect(string @namespace) => ContainerdClient.Create(
        ContainerdAddress.Parse(Address), @namespace, new ContainerdClientOptions { StateDirectory = Path.Combine(Directory, "client") });

    /// <summary>Ends it as a crash does: its shims and their containers go on.</summary>
    public async Task KillAsync()
    {
        using var process = Process.GetProcessById(_pid);
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(s_hang);
    }

    /// <summary>Starts it again, on the same files and the same socket.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo(
            "/bin/sh", ["-c", "exec setsid \"$0\" --config \"$1/config.toml\" < /dev/null >> \"$1/containerd.log\" 2>&1", _program, Directory]);
        start.Environment["PATH"] = _path;
        using var process = Process.Start(start)!;
        _pid = process.Id;
        using var client = Connect("default");
        using var timeout = new CancellationTokenSource(s_hang);
        while (!await client.WithTimeout(TimeSpan.FromSeconds(5)).Introspection.IsServingAsync(timeout.Token))
        {
            await Task.Delay(20, timeout.Token);
        }
    }

    public async ValueTask DisposeAsync() => await RunAsync("bash", [_script, "stop", Directory]);

    private static string FindScript()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var script = Path.Combine(directory.FullName, "tests", "daemon", "daemon.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new InvalidOperationException("The tests do not lie in the repository.");
    }

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        // What it starts must not hold the pipes: a daemon's own go to its log.
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(s_hang);
        return process.ExitCode == 0
            ? await output.WaitAsync(s_hang)
            : throw new InvalidOperationException($"{string.Join(' ', arguments)} ended with {process.ExitCode}: {await error.WaitAsync(s_hang)}");
    }
}
