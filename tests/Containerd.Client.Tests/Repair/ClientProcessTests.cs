using System.Diagnostics;

namespace Containerd.Client.Tests.Repair;

public sealed class ClientProcessTests : IDisposable
{
    // /proc as it looks with hidepid=2, where every process is somebody else's.
    private readonly string _hidden = Directory.CreateTempSubdirectory("ctr-proc-").FullName;

    public void Dispose() => Directory.Delete(_hidden, recursive: true);

    [Fact]
    public void A_process_that_proc_hides_has_not_ended()
    {
        Assert.False(ClientProcess.HasEnded(ClientProcess.Current!));
        Assert.False(ClientProcess.HasEnded(ClientProcess.Current!, _hidden));
    }

    [Fact]
    public void A_process_whose_entry_cannot_be_read_has_not_ended()
    {
        Directory.CreateDirectory(Path.Combine(_hidden, $"{Environment.ProcessId}", "stat"));

        Assert.False(ClientProcess.HasEnded(ClientProcess.Current!, _hidden));
    }

    [Fact]
    public async Task A_process_that_is_gone_has_ended_whether_or_not_proc_hides_others()
    {
        using var process = Process.Start("sleep", ["60"]);
        var name = ClientProcess.Describe(process.Id)!;
        Assert.False(ClientProcess.HasEnded(name));
        process.Kill();
        await process.WaitForExitAsync();

        Assert.True(ClientProcess.HasEnded(name));
        Assert.True(ClientProcess.HasEnded(name, _hidden));
    }

    [Fact]
    public void Another_process_of_the_same_pid_has_ended() => Assert.True(ClientProcess.HasEnded(ClientProcess.Current! + "0"));

    [Fact]
    public void Of_another_boot_nothing_is_known() => Assert.False(ClientProcess.HasEnded($"{Guid.NewGuid()}/1/2/3"));
}
