using Containerd.Client;
using Containerd.IntegrationTests.Tasks;

namespace Containerd.IntegrationTests.Containers;

/// <summary>What is asked of a container, as its own process sees it.</summary>
public abstract class InsideTests(DaemonFixture daemon) : TaskTests(daemon)
{
    protected const string Sleeping = "trap exit TERM; while :; do sleep 3600 & wait; done";

    /// <summary>A container of the busybox image that runs a script.</summary>
    protected static ContainerCreateOptions Shell(string script, Func<ContainerSpecOptions, ContainerSpecOptions>? specify = null)
    {
        var options = new ContainerSpecOptions { Id = $"c-{Guid.NewGuid():N}", Command = ["sh", "-c", script] };
        return new() { Image = Image, SpecOptions = specify?.Invoke(options) ?? options };
    }

    /// <summary>Runs a container to its end, attached, and removes it.</summary>
    protected async Task<(string Output, string Error, int ExitCode)> RunAsync(ContainerCreateOptions options)
    {
        Daemon.Require();
        var container = await Daemon.Client.Containers.CreateAsync(options).WaitAsync(Hang);
        try
        {
            await using var process = await Tasks.StartAttachedAsync(container.Id).WaitAsync(Hang);
            var (output, error) = await ReadAsync(process);
            return (output, error, (await process.CompleteAsync().WaitAsync(Hang)).ExitCode);
        }
        finally
        {
            await RemoveAsync(container.Id);
        }
    }

    /// <summary>What a container writes that must end well and write no error.</summary>
    protected async Task<string> OutputAsync(ContainerCreateOptions options)
    {
        var (output, error, code) = await RunAsync(options);
        Assert.Equal(("", 0), (error, code));
        return output;
    }

    /// <summary>What a script writes in a container of the busybox image.</summary>
    protected Task<string> OutputAsync(string script, Func<ContainerSpecOptions, ContainerSpecOptions>? specify = null) =>
        OutputAsync(Shell(script, specify));

    /// <summary>The lines that a script writes.</summary>
    protected async Task<string[]> LinesAsync(string script, Func<ContainerSpecOptions, ContainerSpecOptions>? specify = null) =>
        (await OutputAsync(script, specify)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    protected Task RemoveAsync(string id) => Daemon.Client.Containers.DeleteAsync(id, force: true).WaitAsync(Hang);
}
