using Containerd.Client;
using Containerd.IntegrationTests.Tasks;

namespace Containerd.IntegrationTests.Repair;

/// <summary>Finds and removes what is left behind, and lets it get old.</summary>
public abstract class RemnantTests(DaemonFixture daemon) : TaskTests(daemon)
{
    /// <summary>Files and directories as if nobody had touched them for a while.</summary>
    protected void Age()
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(Daemon.StateDirectory, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-1));
        }
    }

    protected async Task<CtrRemnant[]> FindAsync() => await Daemon.Client.Repair.FindAsync().ToArrayAsync();

    protected async Task RemoveAsync(IEnumerable<CtrRemnant> remnants)
    {
        foreach (var remnant in remnants)
        {
            Assert.Equal(remnant with { Removed = true }, await Daemon.Client.Repair.RemoveAsync(remnant));
        }
    }
}
