using System.Diagnostics;
using Containerd.Client;

namespace Containerd.IntegrationTests;

/// <summary>
/// The private containerd that tests/daemon/daemon.sh started, as its CONTAINERD_TEST_… variables tell, and a
/// namespace of its own for each test class, whose containers, images and name are gone when the class ends.
/// Use it as an <see cref="IClassFixture{TFixture}"/>; a test calls <see cref="Require"/> first.
/// </summary>
public sealed class DaemonFixture : IAsyncLifetime
{
    private static readonly TimeSpan CtrTimeout = TimeSpan.FromMinutes(2);

    private readonly Lazy<ContainerdClient> _client;

    public DaemonFixture() => _client = new Lazy<ContainerdClient>(() => ContainerdClient.Create(
        ContainerdAddress.Parse(Address),
        Namespace,
        new ContainerdClientOptions { StateDirectory = StateDirectory }));

    /// <summary>The path of the daemon's unix socket.</summary>
    public string Address { get; } = Variable("ADDRESS");

    /// <summary>The daemon's version as major.minor.patch.</summary>
    public Version Version { get; } = Version.TryParse(Variable("VERSION"), out var version) ? version : new Version(0, 0);

    /// <summary>The directory of busybox.tar, busybox.tar.gz and busybox-docker.tar.</summary>
    public string ImagesDirectory { get; } = Variable("IMAGES");

    /// <summary>The daemon's own ctr.</summary>
    public string CtrPath { get; } = Variable("CTR");

    /// <summary>The directory of what the daemon keeps.</summary>
    public string Root { get; } = Variable("ROOT");

    /// <summary>The directory of the daemon's running state.</summary>
    public string State { get; } = Variable("STATE");

    /// <summary>The containerd namespace of this test class.</summary>
    public string Namespace { get; } = $"test-{Guid.NewGuid():N}";

    /// <summary>Where this class's client keeps what belongs to containers.</summary>
    public string StateDirectory { get; } = Path.Combine(Path.GetTempPath(), $"ctr-state-{Guid.NewGuid():N}");

    /// <summary>Our client of this class's namespace.</summary>
    public ContainerdClient Client => _client.Value;

    /// <summary>Skips the test where no daemon was started for it.</summary>
    public void Require() =>
        Skip.If(Address.Length == 0, "No containerd: CONTAINERD_TEST_ADDRESS isn't set; ./build.sh test sets it.");

    /// <summary>Waits for what goes on at this daemon after its callers have left; at those that other tests kill it may last.</summary>
    public Task SettledAsync() => UnfinishedWork.SettledAsync(ContainerdAddress.Parse(Address)).WaitAsync(CtrTimeout);

    /// <summary>Runs ctr in this class's namespace and returns what it wrote to standard output.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public async Task<string> RunCtrAsync(params string[] args)
    {
        var start = new ProcessStartInfo(CtrPath, ["--address", Address, "--namespace", Namespace, .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("ctr didn't start.");
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(CtrTimeout);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"ctr {string.Join(' ', args)} ended with {process.ExitCode}: {await error}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (Address.Length == 0)
        {
            return;
        }

        if (_client.IsValueCreated)
        {
            // What is taken back after its caller has left would be gone between a list below and its removal.
            await SettledAsync();
            Client.Dispose();
        }

        await RemoveEachAsync("tasks", "--force");
        await RemoveEachAsync("containers");
        await RemoveEachAsync("leases");
        await RemoveEachAsync("images");

        // A lease's end with --sync returns when the garbage collector has removed content and snapshots.
        var lease = Namespace;
        await RunCtrAsync("leases", "create", "--id", lease);
        await RunCtrAsync("leases", "delete", "--sync", lease);
        await RunCtrAsync("namespaces", "remove", "--cgroup", Namespace);
        if (Directory.Exists(StateDirectory))
        {
            Directory.Delete(StateDirectory, recursive: true);
        }
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable($"CONTAINERD_TEST_{name}") ?? "";

    private async Task RemoveEachAsync(string kind, params string[] options)
    {
        foreach (var name in (await RunCtrAsync(kind, "list", "--quiet")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await RunCtrAsync([kind, "delete", .. options, name]);
        }
    }
}
